"""What somebody should see and take note of: alerts, acknowledged by hand; sound off until someone turns it on."""

from __future__ import annotations

from dash import html

from dashboard.panels.marks import marks

MUTES = {"15": "静音 15 分", "60": "静音 1 小时"}


def panel() -> html.Section:
    """Rows `[data-alert-id]` are filled by `57_alerts.js`."""
    sound = html.Button(
        "声音：关", type="button", id="alert-sound", className="quiet", **marks(aria_pressed="false")
    )
    mutes = [
        html.Button(label, type="button", className="quiet", hidden=True, **marks(data_mute=minutes))
        for minutes, label in MUTES.items()
    ]
    head = html.Header(
        [
            html.H2("预警", id="alerts-title"),
            html.Span([sound, *mutes], className="alert-tools"),
            html.Span(id="alerts-note", className="panel-note", role="status"),
        ],
        className="panel-head",
    )
    return html.Section(
        [
            head,
            html.P(id="alerts-empty", className="empty"),
            html.Ol(id="alert-list", className="alert-list fit"),
        ],
        id="alerts",
        className="panel panel-alerts",
        **marks(aria_labelledby="alerts-title"),
    )
