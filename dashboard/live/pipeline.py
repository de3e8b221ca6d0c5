"""The whole live path, in order. Read this first.

Each step names the place that does it; `tests/dashboard/live/test_pipeline.py` checks that every name exists.
"""

PIPELINE = (
    ("an incident arrives and is parsed", "dashboard.api.incidents:post_incidents"),
    ("it is stored, counted and logged in one transaction", "data_adapters.ledger.ledger:Ledger.write_cases"),
    (
        "the commit pokes the tail; correct without it, the tail looks by itself",
        "dashboard.live.tail:Tail.poll",
    ),
    ("who is to be sent what, decided without waiting for anything", "dashboard.live.desk:Desk.round"),
    ("what each viewer may see of the new changes", "data_adapters.ledger.snapshot:visible_item"),
    ("one frame a viewer, the next one only after its ack", "dashboard.live.viewer:Viewer.next_move"),
    ("the frame goes out, with the figures that changed", "dashboard.live.socket:LiveFeed.dispatch"),
    ("the page folds it and paints what changed (assets/10_state.js)", "dashboard.pages.wall:layout"),
)
