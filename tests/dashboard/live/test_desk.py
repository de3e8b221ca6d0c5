"""Who is sent what: one letter for many, and one viewer's trouble is not another's."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dashboard.live import desk as module
from dashboard.live.desk import OWED_S, ROUND_S, Desk, Letter
from dashboard.live.viewer import FRAME_CHANGES, PACE_S, Viewer
from data_adapters.ledger import Scope
from tests.dashboard.live.store import Row, Store

EVERYTHING, TOWN, OTHER = Scope("000"), Scope("000000"), Scope("000001")


class Log:
    """The simulated store's log, as a tail that has looked at all of it."""

    def __init__(self, rows: int = 0) -> None:
        self.store = Store(random.Random(1))
        for _ in range(rows):
            self.store.commit()
        self.missing: set[int] = set()

    @property
    def epoch(self) -> str:
        return self.store.epoch

    @property
    def top(self) -> int:
        return len(self.store.rows)

    def after(self, seq: int, limit: int) -> list[Row] | None:
        return None if seq in self.missing else self.store.rows[seq : seq + limit]


def desk_of(log: Log, *viewers: tuple[str, Scope, int]) -> Desk:
    desk = Desk()
    for sid, scope, cursor in viewers:
        desk.viewers[sid] = Viewer(sid, scope, log.epoch, cursor, connected_at=0.0, resumed=True)
    return desk


def frames(letters: list[Letter]) -> dict[str, dict[str, Any]]:
    return {sid: letter.message for letter in letters for sid in letter.sids if letter.event == "frame"}


def test_viewers_in_the_same_place_get_the_same_letter() -> None:
    log = Log(20)
    desk = desk_of(log, ("a", EVERYTHING, 5), ("b", EVERYTHING, 5), ("c", TOWN, 5), ("d", EVERYTHING, 6))
    letters, _ = desk.round(log, 10.0, {}, "now")
    assert sorted(letter.sids for letter in letters) == [["a", "b"], ["c"], ["d"]]
    told = frames(letters)
    assert [item["seq"] for item in told["a"]["items"]] == list(range(6, 21))
    assert (told["c"]["from"], told["c"]["to"]) == (6, 20)
    assert all(item.get("removed") or item["seq"] for item in told["c"]["items"])
    assert len(told["c"]["items"]) < 15


def test_a_frame_without_anything_visible_is_sent_all_the_same_and_needs_no_figures() -> None:
    log = Log()
    log.store.rows.append(Row(1, "case", module_time(), "000001", None, "{}"))
    desk = desk_of(log, ("a", TOWN, 0))
    viewer = desk.viewers["a"]
    viewer.look("x")
    viewer.found("x", TOWN.path)
    viewer.shown = {"n": 1}
    assert desk.paths_to_count(log) == set()
    letters, _ = desk.round(log, 10.0, {}, "now")
    assert frames(letters)["a"] == {"epoch": log.epoch, "from": 1, "to": 1, "sent_at": "now", "items": []}


def module_time() -> Any:
    return Log(1).store.rows[0].accepted_at


def test_the_first_figures_are_whole_and_the_next_are_what_changed() -> None:
    log = Log(1)
    desk = desk_of(log, ("a", EVERYTHING, 0))
    viewer = desk.viewers["a"]
    viewer.look("x")
    assert desk.round(log, 10.0, {}, "now") == ([], [])
    viewer.found("x", "000")
    first = frames(desk.round(log, 10.0, {"000": {"n": 1, "m": 2, "gone": 3}}, "now")[0])["a"]
    assert first["whole"] is True
    assert (first["grid"], first["figures"]) == ("x", {"n": 1, "m": 2, "gone": 3})
    viewer.ack(log.epoch, 1)
    log.store.commit()
    second = frames(desk.round(log, 11.0, {"000": {"n": 2, "m": 2}}, "now")[0])["a"]
    assert second["figures"] == {"n": 2, "gone": None}
    assert "whole" not in second


def test_of_a_figure_that_moved_in_some_fields_only_those_go_to_a_page_that_takes_parts() -> None:
    log = Log(1)
    desk = desk_of(log, ("new", EVERYTHING, 0), ("old", EVERYTHING, 0))
    for sid in desk.viewers:
        desk.ask(sid, {"epoch": log.epoch, "seq": 0, "grid": "x", "parts": sid == "new"})
    desk.answer(desk.asked(), log)
    for viewer in desk.viewers.values():
        viewer.found("x", "000")
    before = {"tile": {"label": "件", "n": 1}, "light": {"on": True}, "gone": {"n": 1}}
    after = {"tile": {"label": "件", "n": 2}, "light": {"on": True, "since": 3}, "came": {"n": 1}}
    first = frames(desk.round(log, 10.0, {"000": before}, "now")[0])
    assert first["new"]["figures"] == first["old"]["figures"] == before
    for viewer in desk.viewers.values():
        viewer.ack(log.epoch, 1)
    log.store.commit()
    second = frames(desk.round(log, 11.0, {"000": after}, "now")[0])
    assert second["new"]["parts"] == {"tile": {"n": 2}}
    assert second["new"]["figures"] == {"light": {"on": True, "since": 3}, "came": {"n": 1}, "gone": None}
    assert second["old"]["figures"] == {key: after[key] for key in after} | {"gone": None}
    assert "parts" not in second["old"]


def test_the_next_round_is_when_the_next_viewer_may_have_a_frame() -> None:
    log = Log(1)
    desk = desk_of(log, ("page", EVERYTHING, 0), ("other", EVERYTHING, 0))
    assert desk.pause(10.0) == PACE_S
    desk.ask("page", {"epoch": log.epoch, "seq": 0, "pace": 200})
    desk.answer(desk.asked(), log)
    desk.round(log, 10.0, {}, "now")
    assert desk.pause(10.0) == pytest.approx(PACE_S)
    desk.viewers["other"].ack(log.epoch, 1)
    log.store.commit()
    assert frames(desk.round(log, 10.0 + PACE_S, {}, "now")[0]).keys() == {"other"}
    # 80 ms later the page may have its own, before the other may have another.
    assert desk.pause(10.0 + PACE_S) == pytest.approx(0.2 - PACE_S)
    desk.viewers["page"].ack(log.epoch, 1)
    assert frames(desk.round(log, 10.2, {}, "now")[0]).keys() == {"page"}
    # The other is due in 40 ms and the page in 200; rounds that follow each other more closely would share nothing.
    assert desk.pause(10.2) == pytest.approx(2 * PACE_S - 0.2)
    assert desk.pause(10.22) == ROUND_S


def test_rounds_follow_each_other_closely_while_somebody_catches_up() -> None:
    log = Log(3 * FRAME_CHANGES)
    desk = desk_of(log, ("back", EVERYTHING, 0))
    sent = []
    now = 10.0
    for _ in range(3):
        told = frames(desk.round(log, now, {}, "now")[0])["back"]
        sent.append((told["from"], told["to"]))
        desk.viewers["back"].ack(log.epoch, told["to"])
        now += ROUND_S
        if told["to"] < log.top:
            assert desk.pause(now) == ROUND_S
    assert sent == [(n * FRAME_CHANGES + 1, (n + 1) * FRAME_CHANGES) for n in range(3)]


def test_figures_that_the_clock_moved_go_to_those_who_have_everything_else() -> None:
    log = Log(1)
    desk = desk_of(log, ("a", EVERYTHING, 1), ("b", EVERYTHING, 1), ("behind", EVERYTHING, 0))
    for viewer in desk.viewers.values():
        viewer.look("x")
        viewer.found("x", "000")
        viewer.shown = {"n": 1}
    figures = {"000": {"n": 2}}
    assert desk.paths_shown() == {"000"}
    letters = desk.refresh(log, figures)
    assert {sid for letter in letters for sid in letter.sids} == {"a", "b"}
    assert all(letter.message["figures"] == {"n": 2} for letter in letters)
    assert desk.refresh(log, figures) == []
    assert desk.refresh(log, {"000": {"n": 2}}) == []
    desk.viewers["a"].parts = True
    desk.viewers["a"].shown = {"tile": {"n": 1, "label": "件"}}
    [letter] = desk.refresh(log, {"000": {"tile": {"n": 2, "label": "件"}}})[:1]
    assert (letter.sids, letter.message["parts"]) == (["a"], {"tile": {"n": 2}})


def test_a_grid_that_cannot_be_counted_holds_up_its_own_viewers_only_and_they_hear_no_beat() -> None:
    log = Log(3)
    desk = desk_of(log, ("a", EVERYTHING, 0), ("b", EVERYTHING, 0))
    desk.viewers["a"].look("x")
    desk.viewers["a"].found("x", "000")
    letters, _ = desk.round(log, 10.0, {}, "now")
    assert frames(letters).keys() == {"b"}
    assert set(desk.served(10.0 + OWED_S / 2)) == {"a", "b"}
    desk.round(log, 12.0, {}, "now")
    assert set(desk.served(10.0 + OWED_S)) == {"b"}
    letters, _ = desk.round(log, 15.0, {"000": {"n": 1}}, "now")
    assert frames(letters)["a"]["to"] == 3
    assert "a" in desk.served(15.0)


def test_what_is_no_longer_in_memory_is_waited_for_and_what_is_gone_is_reset() -> None:
    log = Log(10)
    desk = desk_of(log, ("a", EVERYTHING, 2))
    log.missing = {2}
    assert desk.round(log, 10.0, {}, "now") == ([], [])
    log.missing = set()
    assert frames(desk.round(log, 10.0, {}, "now")[0])["a"]["from"] == 3
    pruned = desk_of(log, ("a", EVERYTHING, 2))
    log.after = lambda seq, limit: log.store.rows[5 : 5 + limit]  # type: ignore[method-assign]
    letters, _ = pruned.round(log, 10.0, {}, "now")
    assert letters == [Letter("reset", {"epoch": log.epoch, "seq": 10}, ["a"])]


def test_items_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ITEMS_KEPT", 50)
    log = Log(FRAME_CHANGES)
    desk = desk_of(log, *((f"s{n}", scope, 0) for n, scope in enumerate((EVERYTHING, TOWN, OTHER))))
    letters, _ = desk.round(log, 10.0, {}, "now")
    assert [len(frames(letters)[sid]["items"]) > 0 for sid in ("s0", "s1", "s2")] == [True] * 3
    assert len(desk._items) <= 50


def test_a_resume_is_answered_after_the_look_that_follows_it_also_when_one_failed() -> None:
    log = Log(10)
    desk = desk_of(log, ("a", EVERYTHING, 10))
    desk.ask("a", {"epoch": log.epoch, "seq": 12, "grid": "x"})
    desk.ask("gone", {"epoch": log.epoch, "seq": 1})
    asked = desk.asked()
    desk.ask("a", {"epoch": log.epoch, "seq": 11})
    desk.put_back(asked)
    for _ in range(3):
        log.store.commit()
    desk.answer(desk.asked(), log)
    assert (desk.viewers["a"].cursor, desk.viewers["a"].grid_code) == (11, "x")
    assert desk.asked() == {}
