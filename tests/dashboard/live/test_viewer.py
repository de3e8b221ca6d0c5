"""One viewer's machine: credit of one, resume from anywhere, resets, and never a change twice or left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.viewer import (
    ACK_TIMEOUT_S,
    FAR_BEHIND,
    FRAME_CHANGES,
    GRACE_S,
    MESSAGES_AT_ONCE,
    MESSAGES_PER_S,
    MOST_PACE_S,
    PACE_S,
    Cut,
    Reset,
    Send,
    Viewer,
)
from data_adapters.ledger import Scope

EPOCH = "first life"


def viewer(cursor: int = 0, *, resumed: bool = True) -> Viewer:
    return Viewer("s", Scope.everything(), EPOCH, cursor, connected_at=0.0, resumed=resumed)


def move(one: Viewer, top: int, now: float, *, bulk: bool = False, epoch: str = EPOCH) -> Any:
    return one.next_move(epoch, top, now, bulk=bulk)


def test_nothing_follows_a_frame_before_its_ack() -> None:
    one = viewer()
    assert move(one, 3, 10.0) == Send(0, 3)
    assert move(one, 9, 11.0) is None
    one.ack(EPOCH, 3)
    assert move(one, 9, 12.0) == Send(3, 9)


@pytest.mark.parametrize(
    ("epoch", "seq"), [(EPOCH, 2), (EPOCH, 4), ("other", 3), (None, None), (EPOCH, "3"), (EPOCH, [3])]
)
def test_an_ack_of_anything_else_gives_no_credit(epoch: Any, seq: Any) -> None:
    one = viewer()
    move(one, 3, 10.0)
    one.ack(epoch, seq)
    assert move(one, 9, 11.0) is None


def test_an_early_ack_gives_no_credit_for_a_later_frame() -> None:
    one = viewer()
    one.ack(EPOCH, 3)
    assert move(one, 3, 10.0) == Send(0, 3)
    assert move(one, 9, 11.0) is None


def test_a_frame_covers_no_more_than_its_bound() -> None:
    one = viewer()
    assert move(one, FRAME_CHANGES + 1, 10.0) == Send(0, FRAME_CHANGES)
    one.ack(EPOCH, FRAME_CHANGES)
    assert move(one, FRAME_CHANGES + 1, 11.0) == Send(FRAME_CHANGES, FRAME_CHANGES + 1)


def test_frames_keep_their_distance() -> None:
    one = viewer()
    move(one, 1, 10.0)
    one.ack(EPOCH, 1)
    assert move(one, 2, 10.0 + PACE_S / 2) is None
    assert move(one, 3, 10.001 + PACE_S) == Send(1, 3)


@pytest.mark.parametrize(
    ("told", "pace_s"),
    [
        (200, 0.2),
        (1, PACE_S),
        (-5, PACE_S),
        (1e9, MOST_PACE_S),
        (None, PACE_S),
        ("200", PACE_S),
        ([], PACE_S),
    ],
)
def test_a_viewer_says_how_far_apart_it_wants_its_frames(told: Any, pace_s: float) -> None:
    one = viewer()
    one.pace(told)
    move(one, 1, 10.0)
    one.ack(EPOCH, 1)
    assert move(one, 2, 9.98 + pace_s) is None
    assert move(one, 3, 10.001 + pace_s) == Send(1, 3)


def test_a_viewer_that_does_not_acknowledge_in_time_is_cut() -> None:
    one = viewer()
    move(one, 1, 10.0)
    assert move(one, 1, 10.0 + ACK_TIMEOUT_S) is None
    assert move(one, 1, 10.1 + ACK_TIMEOUT_S) == Cut()


def test_a_viewer_that_does_not_acknowledge_is_cut_however_far_the_log_has_gone_on() -> None:
    one = viewer()
    move(one, 1, 10.0)
    assert move(one, 10 * FAR_BEHIND, 11.0, bulk=True) is None
    assert move(one, 10 * FAR_BEHIND, 10.1 + ACK_TIMEOUT_S) == Cut()


def test_a_viewer_that_resumes_in_the_past_gets_everything_since() -> None:
    one = viewer(100)
    move(one, 105, 10.0)
    one.resume(EPOCH, 40, 105)
    assert move(one, 105, 11.0) == Send(40, 105)


def test_a_viewer_that_resumes_at_the_end_gets_nothing() -> None:
    one = viewer(100)
    one.resume(EPOCH, 105, 105)
    assert move(one, 105, 11.0) is None
    assert one.settled(EPOCH, 105)


@pytest.mark.parametrize(
    ("epoch", "seq"),
    [
        (EPOCH, 106),
        (EPOCH, -1),
        (EPOCH, 2**70),
        (EPOCH, True),
        (EPOCH, "5"),
        (EPOCH, 5.0),
        (EPOCH, None),
        (EPOCH, {"seq": 5}),
        ("other", 5),
        (None, 5),
        ([EPOCH], 5),
    ],
)
def test_a_viewer_that_resumes_from_no_place_of_this_log_loads_afresh(epoch: Any, seq: Any) -> None:
    one = viewer(100)
    one.resume(epoch, seq, 105)
    assert move(one, 105, 11.0) == Reset(105)
    assert move(one, 106, 12.0) == Send(105, 106)


def test_a_good_resume_takes_back_a_bad_one() -> None:
    one = viewer(100)
    one.resume(EPOCH, None, 105)
    one.resume(EPOCH, 103, 105)
    assert move(one, 105, 11.0) == Send(103, 105)


def test_resuming_forgets_which_figures_were_shown() -> None:
    one = viewer(100)
    one.shown = {"tile.K01": {"value": 1}}
    one.resume(EPOCH, 100, 105)
    assert one.shown is None


def test_a_whole_load_makes_the_viewer_load_afresh() -> None:
    assert move(viewer(), 5, 10.0, bulk=True) == Reset(5)


def test_a_viewer_far_behind_loads_afresh_and_one_just_not_so_far_does_not() -> None:
    assert move(viewer(), FAR_BEHIND + 1, 10.0) == Reset(FAR_BEHIND + 1)
    assert move(viewer(), FAR_BEHIND, 10.0) == Send(0, FRAME_CHANGES)
    late = viewer(FAR_BEHIND)
    late.resume(EPOCH, 0, FAR_BEHIND + 1)
    assert move(late, FAR_BEHIND + 1, 10.0) == Reset(FAR_BEHIND + 1)


def test_another_life_of_the_store_resets_also_a_viewer_that_owes_an_ack() -> None:
    one = viewer()
    move(one, 3, 10.0)
    assert move(one, 2, 11.0, epoch="second life") == Reset(2)
    one.ack(EPOCH, 3)
    assert move(one, 4, 12.0, epoch="second life") == Send(2, 4)
    one.ack("second life", 4)
    assert move(one, 5, 13.0, epoch="second life") == Send(4, 5)


def test_a_log_that_went_back_resets_who_was_ahead_of_it() -> None:
    assert move(viewer(10), 7, 10.0) == Reset(7)


def test_a_viewer_is_given_time_to_resume_before_it_is_followed_from_hello() -> None:
    one = viewer(5, resumed=False)
    assert move(one, 9, GRACE_S / 2) is None
    one.resume(EPOCH, 2, 9)
    assert move(one, 9, GRACE_S / 2) == Send(2, 9)
    silent = viewer(5, resumed=False)
    assert move(silent, 9, GRACE_S) == Send(5, 9)


def test_who_is_behind_by_more_than_a_frame_does_not_wait_for_the_next_but_for_its_own_ack() -> None:
    one, top = viewer(), 3 * FRAME_CHANGES - 1
    assert move(one, top, 10.0) == Send(0, FRAME_CHANGES)
    assert move(one, top, 10.001) is None
    assert one.ack(EPOCH, FRAME_CHANGES)
    assert move(one, top, 10.002) == Send(FRAME_CHANGES, 2 * FRAME_CHANGES)
    assert one.ack(EPOCH, 2 * FRAME_CHANGES)
    # What is left fills no frame: it may gather.
    assert move(one, top, 10.003) is None
    assert move(one, top, 10.003 + PACE_S) == Send(2 * FRAME_CHANGES, top)


def test_asking_again_from_far_behind_is_no_way_to_be_answered_faster() -> None:
    one, top = viewer(), 9 * FRAME_CHANGES
    assert move(one, top, 10.0) == Send(0, FRAME_CHANGES)
    one.resume(EPOCH, 0, top)
    assert move(one, top, 10.0 + PACE_S / 2) is None
    assert move(one, top, 10.001 + PACE_S) == Send(0, FRAME_CHANGES)


def test_a_viewer_that_asks_without_end_is_not_answered_faster_and_cut_at_last() -> None:
    one = viewer()
    moves = 0
    heard = 0
    now = 10.0
    while one.speaks(now):
        heard += 1
        one.resume(EPOCH, 0, 9)
        moves += move(one, 9, now) is not None
        now += 0.001
    assert heard < MESSAGES_AT_ONCE + 5
    assert moves <= 1 + (now - 10.0) / PACE_S


def test_a_viewer_that_acknowledges_every_frame_is_never_too_loud() -> None:
    one = viewer()
    assert 1 / PACE_S < MESSAGES_PER_S
    assert all(one.speaks(10.0 + n * PACE_S) for n in range(10_000))


def test_looking_at_another_grid_meanwhile_makes_the_first_answer_worthless() -> None:
    one = viewer()
    one.look("62051")
    one.look("62052")
    one.found("62051", "000000")
    assert one.looking
    assert one.grid_path is None
    one.found("62052", "000001")
    assert (one.looking, one.grid_code, one.grid_path) == (False, "62052", "000001")


@pytest.mark.parametrize("code", [None, 5, "", "x" * 65, ["62051"], {"a": 1}])
def test_looking_at_nonsense_is_looking_at_nothing(code: Any) -> None:
    one = viewer()
    one.look(code)
    assert not one.looking
    assert one.grid_code is None


def test_looking_at_a_grid_that_is_not_there_is_looking_at_nothing() -> None:
    one = viewer()
    one.look("nowhere")
    one.found("nowhere", None)
    assert (one.looking, one.grid_code, one.grid_path) == (False, None, None)


NONSENSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.integers(1, 400)),
        st.tuples(st.just("ack"), st.just(None)),
        st.tuples(st.just("wild_ack"), st.tuples(NONSENSE, NONSENSE)),
        st.tuples(st.just("resume"), st.just(None)),
        st.tuples(st.just("wild_resume"), st.tuples(NONSENSE, NONSENSE)),
        st.tuples(st.just("bulk"), st.just(None)),
        st.tuples(st.just("another_life"), st.integers(0, 50)),
        st.tuples(st.just("wait"), st.floats(0, 3)),
    ),
    max_size=60,
)


class Line:
    """A viewer, the log as it stands, and what the other side has: checks every move as it is made."""

    def __init__(self) -> None:
        self.viewer = viewer()
        self.epoch, self.top, self.now = EPOCH, 0, 10.0
        self.position = self.lives = 0
        self.outstanding: int | None = None
        self.cut = False

    def step(self, name: str, value: Any) -> None:
        getattr(self, name)(value)
        self.look(bulk=name == "bulk")

    def grow(self, by: int) -> None:
        self.top += by

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def bulk(self, _value: None) -> None:
        pass

    def ack(self, _value: None = None) -> None:
        if self.outstanding is not None:
            self.viewer.ack(self.epoch, self.outstanding)
            self.outstanding = None

    def wild_ack(self, told: tuple[Any, Any]) -> None:
        self.viewer.ack(*told)

    def resume(self, _value: None) -> None:
        self.viewer.resume(self.epoch, self.position, self.top)
        self.outstanding = None

    def wild_resume(self, told: tuple[Any, Any]) -> None:
        self.viewer.resume(*told, self.top)
        self.outstanding = None

    def another_life(self, top: int) -> None:
        self.lives += 1
        self.epoch, self.top, self.outstanding = f"life {self.lives}", top, None

    def look(self, *, bulk: bool = False) -> bool:
        """True if something was sent."""
        self.now += 0.05
        found = move(self.viewer, self.top, self.now, bulk=bulk, epoch=self.epoch)
        if isinstance(found, Reset):
            assert found.seq == self.top
            self.position = self.top
        elif isinstance(found, Send):
            assert self.outstanding is None
            assert found.after == self.position
            assert self.position < found.to <= min(self.top, self.position + FRAME_CHANGES)
            self.position = self.outstanding = found.to
        elif isinstance(found, Cut):
            assert self.outstanding is not None
            self.cut = True
        return found is not None


@given(STEPS)
def test_whatever_happens_frames_join_without_hole_and_only_with_credit(steps: list[tuple[str, Any]]) -> None:
    line = Line()
    for name, value in steps:
        if not line.cut:
            line.step(name, value)
    line.ack()
    line.wait(1.0)
    while not line.cut and line.look():
        line.ack()
        line.wait(1.0)
    if not line.cut:
        assert line.position == line.top
        assert line.viewer.settled(line.epoch, line.top)
