"""Time limits from configuration, and what a changed policy does to cases that are open."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from data_adapters.ledger import Ledger, Scope
from data_adapters.records.span import Span
from data_adapters.settings import load
from data_adapters.settings_error import SettingsError
from tests.fixtures.town import NOW, Clock, case, open_town

_HEAD = """
[centre]
name = "示范县综治中心"
root = "6205"
[[levels]]
level = 0
name = "县"
"""


def settings(folder: Path, limits: str) -> Path:
    path = folder / "yiping.toml"
    path.write_text(_HEAD + limits, encoding="utf-8")
    return path


def test_a_policy_in_configuration_changes_only_what_it_says(tmp_path: Path) -> None:
    text = '[[limits]]\ngrade = "ORDINARY"\nvalid_from = 2026-11-01\nhandle = "5wd"\naccept = "none"\n'
    (policy,) = load(settings(tmp_path, text)).policies
    assert (policy.valid_from, policy.handle, policy.accept) == (date(2026, 11, 1), Span.of("5wd"), None)
    assert policy.sign == Span.of("1wd")
    (policy,) = load(settings(tmp_path, '[[limits]]\ngrade = "MAJOR"\nfollow_later = ["60d"]\n')).policies
    assert policy.follow_later == (Span.of("60d"),)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ('grade = "ORDINARY"\nhandle = "7 天"', "7d"),
        ('grade = "SMALL"', "grade"),
        ('grade = "MAJOR"\nfollow_up = "91d"', "follow_up"),
        ('grade = "MAJOR"\nfollow_later = ["30d", "91d"]', "follow_later"),
        ('grade = "MAJOR"\nfollow_later = ["none"]', "follow_later"),
        ('grade = "MAJOR"\nyellow = "none"', "yellow"),
        ('grade = "MAJOR"\n[[limits]]\ngrade = "MAJOR"', "valid_from"),
    ],
)
def test_a_policy_that_cannot_be_is_one_line_that_says_why(tmp_path: Path, limits: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load(settings(tmp_path, "[[limits]]\n" + limits))
    assert "\n" not in str(caught.value)


def test_changing_a_policy_changes_lights_at_the_next_tick_and_leaves_what_is_finished(
    tmp_path: Path,
) -> None:
    url, clock = f"sqlite:///{tmp_path / 'limits.db'}", Clock()
    ledger = open_town(url, clock)
    start = NOW - timedelta(days=4)
    told = {"occurred_at": start, "reported_at": start, "accepted_at": start}
    ledger.write_cases(
        [
            case(1, state="IN_PROGRESS", **told),
            case(2, state="IN_PROGRESS", due_at=NOW + timedelta(days=30), **told),
            case(3, state="CLOSED", closed_at=NOW, **told),
        ]
    )
    assert ledger.tick() == 0
    ledger.close()
    text = '[[limits]]\ngrade = "ORDINARY"\nhandle = "2d"\n'
    policies = load(settings(tmp_path, text)).policies
    again = Ledger.open(url, root="6205", clock=clock, policies=policies)
    top = again.position()[1]
    assert (again.tick(), again.tick()) == (1, 0)
    assert again.position()[1] == top + 1
    with again.read(Scope.everything()) as snapshot:
        found = {row.source_id: row for row in snapshot.latest_cases("000", 9)}
        kept = (snapshot.counts.gauges("000"), snapshot.counts.flows("000", 0, 40_000))
    lights = {name: row.light for name, row in found.items()}
    # What a source gave as due, and what is closed, stays.
    assert lights == {"W1": "RED", "W2": "GREEN", "W3": "GREEN"}
    again.rebuild_counts()
    with again.read(Scope.everything()) as snapshot:
        assert (snapshot.counts.gauges("000"), snapshot.counts.flows("000", 0, 40_000)) == kept
    again.close()
