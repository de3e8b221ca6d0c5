"""The fold of the page (`assets/10_state.js`), run in a real browser: frames in any order end in the same state."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

ASSETS = Path(__file__).parents[3] / "assets"

FOLD = """({view, frames}) => {
  const state = Wall.state.fromView(view);
  const outcomes = frames.map((frame) => Wall.state.applyFrame(state, frame));
  const changes = Wall.state.takeChanges(state);
  return {
    seq: state.seq, outcomes,
    feed: state.feed.map((row) => row.case_no),
    stages: Object.fromEntries(state.feed.map((row) => [row.case_no, row.stage])),
    cases: [...state.cases.keys()].sort(),
    figures: Object.fromEntries(state.figures),
    arrived: changes.arrived, fresh: changes.fresh, changed: [...changes.figures],
  };
}"""


@pytest.fixture
def scripts(page: Page) -> Page:
    """An empty page with the scripts that need no DOM."""
    page.goto("about:blank")
    for name in ("00_namespace.js", "10_state.js", "12_scale.js"):
        page.add_script_tag(path=ASSETS / name)
    return page


def view(**changes: Any) -> dict[str, Any]:
    """An empty county at position 0, looked at from its top."""
    root = {"code": "0", "name": "县", "level": 0}
    empty = {
        "epoch": "e",
        "seq": 0,
        "centre": {},
        "grid": root,
        "breadcrumb": [root],
        "levels": [],
        "children": [],
        "sources": [],
        "feed": [],
        "cases": [],
        "figures": {},
    }
    return empty | changes


def item(seq: int, case_no: str | None = None, **changes: Any) -> dict[str, Any]:
    """A new open case with a place."""
    new = {
        "seq": seq,
        "type": "case",
        "case_no": case_no or f"A{seq}",
        "reported_at": "2026-11-22T14:00:00+08:00",
        "stage": "ACCEPT",
        "open": True,
        "placed": True,
        "lon": 106.0,
        "lat": 34.0,
        "paths": ["0", "01"],
    }
    return new | changes


def frame(items: list[dict[str, Any]], first: int, last: int, **changes: Any) -> dict[str, Any]:
    """A frame that covers `first` to `last`."""
    return {"epoch": "e", "from": first, "to": last, "items": items} | changes


def fold(page: Page, start: dict[str, Any], *frames: dict[str, Any]) -> dict[str, Any]:
    """The state after the frames."""
    found: dict[str, Any] = page.evaluate(FOLD, {"view": start, "frames": list(frames)})
    return found


def test_a_frame_that_follows_is_applied_and_one_already_known_is_dropped(scripts: Page) -> None:
    first = frame([item(1), item(2)], 1, 2)
    found = fold(scripts, view(), first, first, frame([item(2), item(3)], 2, 3))
    assert found["outcomes"] == ["applied", "old", "applied"]
    assert found["feed"] == ["A3", "A2", "A1"]
    assert found["seq"] == 3
    assert found["arrived"] == 3


def test_a_hole_changes_nothing_and_is_told(scripts: Page) -> None:
    found = fold(scripts, view(), frame([item(3)], 3, 3))
    assert found["outcomes"] == ["hole"]
    assert (found["seq"], found["feed"]) == (0, [])


def test_another_epoch_asks_for_a_fresh_state(scripts: Page) -> None:
    assert fold(scripts, view(), frame([item(1)], 1, 1, epoch="f"))["outcomes"] == ["reset"]


def test_a_frame_made_for_the_grid_looked_at_before_is_left_to_be_sent_again(scripts: Page) -> None:
    found = fold(scripts, view(), frame([item(1)], 1, 1, grid="01", figures={"tile.K01": {"value": 9}}))
    assert found["outcomes"] == ["elsewhere"]
    assert (found["seq"], found["figures"]) == (0, {})


def test_a_frame_of_nothing_visible_still_moves_the_position(scripts: Page) -> None:
    assert fold(scripts, view(), frame([], 1, 7))["seq"] == 7


def test_a_closed_case_leaves_the_map_and_stays_in_the_feed(scripts: Page) -> None:
    closed = item(2, "A1", stage="CLOSE", open=False)
    found = fold(scripts, view(), frame([item(1)], 1, 1), frame([closed], 2, 2))
    assert found["cases"] == []
    assert found["stages"] == {"A1": "CLOSE"}
    assert found["arrived"] == 1


def test_a_reported_case_is_on_the_map_before_it_is_accepted(scripts: Page) -> None:
    found = fold(scripts, view(), frame([item(1, open=False, stage="ACCEPT")], 1, 1))
    assert found["cases"] == ["A1"]
    assert found["fresh"] == ["A1"]


def test_a_case_that_left_the_viewers_scope_is_forgotten(scripts: Page) -> None:
    gone = {"seq": 2, "type": "case", "case_no": "A1", "removed": True}
    found = fold(scripts, view(), frame([item(1)], 1, 1), frame([gone], 2, 2))
    assert (found["feed"], found["cases"]) == ([], [])


def test_below_the_top_only_cases_of_the_grid_count_at_the_top_also_the_unplaced(scripts: Page) -> None:
    unplaced = item(1, placed=False, lon=None, lat=None, paths=[])
    elsewhere = item(2, paths=["0", "02"])
    here = item(3, paths=["0", "01"])
    news = frame([unplaced, elsewhere, here], 1, 3)
    assert fold(scripts, view(), news)["feed"] == ["A3", "A2", "A1"]
    child = {"code": "01", "name": "镇", "level": 1}
    below = view(grid=child, breadcrumb=[view()["grid"], child])
    assert fold(scripts, below, news)["feed"] == ["A3"]


def test_a_step_of_an_old_case_does_not_bring_it_back_into_a_full_feed(scripts: Page) -> None:
    news = frame([item(n) for n in range(1, 61)], 1, 60)
    old = item(61, "OLD", stage="HANDLE", reported_at="2026-11-01T08:00:00+08:00")
    found = fold(scripts, view(), news, frame([old], 61, 61))
    assert len(found["feed"]) == 40
    assert "OLD" not in found["feed"]
    assert "OLD" in found["cases"]


def test_figures_replace_vanish_and_keep_thirty_days(scripts: Page) -> None:
    days = {f"day.2026-10-{day:02d}": {"reported": day} for day in range(1, 32)}
    start = view(figures={"bin.3": {"n": 1}})
    found = fold(scripts, start, frame([item(1)], 1, 1, grid="0", figures=days | {"bin.3": None}))
    assert "bin.3" not in found["figures"]
    assert "day.2026-10-01" not in found["figures"]
    assert len(found["figures"]) == 30


def test_parts_are_laid_over_the_figures_that_are_there_and_make_none_of_their_own(scripts: Page) -> None:
    start = view(figures={"tile.K01": {"label": "今日上报", "value": 1, "light": "RED"}})
    parts = {"tile.K01": {"value": 2, "light": None}, "tile.K99": {"value": 3}}
    found = fold(scripts, start, frame([item(1)], 1, 1, grid="0", figures={}, parts=parts))
    assert found["figures"] == {"tile.K01": {"label": "今日上报", "value": 2, "light": None}}
    assert found["changed"] == ["tile.K01"]


def test_older_figures_never_overwrite_newer_ones(scripts: Page) -> None:
    newer = frame([item(1), item(2)], 1, 2, grid="0", figures={"k": 2})
    older = frame([item(1)], 1, 1, grid="0", figures={"k": 1})
    assert fold(scripts, view(), newer, older)["figures"] == {"k": 2}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_lost_doubled_or_late_the_state_is_that_of_the_log_up_to_its_position(
    scripts: Page, data: st.DataObject
) -> None:
    open_or_not = data.draw(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30))
    log = [
        item(at + 1, f"C{case}", open=is_open, stage="HANDLE" if is_open else "CLOSE")
        for at, (case, is_open) in enumerate(open_or_not)
    ]
    pieces = data.draw(
        st.lists(st.tuples(st.integers(1, len(log)), st.integers(0, 6)), min_size=1, max_size=25)
    )
    frames = []
    for first, more in pieces:
        last = min(len(log), first + more)
        frames.append(frame(log[first - 1 : last], first, last))
    found = fold(scripts, view(), *frames)
    final = {one["case_no"]: one["open"] for one in log[: found["seq"]]}
    assert found["cases"] == sorted(name for name, is_open in final.items() if is_open)
    assert sorted(found["feed"]) == sorted(final)


BREAKS = "(values) => values.map((list) => Wall.scale.breaks(list))"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 500), max_size=40), min_size=1, max_size=20))
def test_breaks_start_at_nothing_rise_strictly_and_are_at_most_six(
    scripts: Page, lists: list[list[int]]
) -> None:
    for values, breaks in zip(lists, scripts.evaluate(BREAKS, lists), strict=True):
        assert breaks[0] == 0
        assert len(breaks) <= 6
        assert all(a < b for a, b in pairwise(breaks))
        assert breaks[-1] <= max(values, default=0)


def test_every_value_falls_into_the_class_whose_bounds_hold_it(scripts: Page) -> None:
    steps = scripts.evaluate(
        "() => [0, 7, 8, 13, 14, 99].map((n) => Wall.scale.step([0, 8, 14, 20, 30, 45], n))"
    )
    assert steps == [0, 0, 1, 1, 2, 5]
