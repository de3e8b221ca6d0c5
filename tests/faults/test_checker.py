"""The checker finds what is wrong with a history, and nothing in one that is right."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from data_adapters.ledger.scope import Scope
from data_adapters.ledger.snapshot import visible_item
from tests.faults.checker import check
from tests.faults.history import Life, Log, Post, Watch

COUNTY, TOWN = "000", "000001"
THEN = datetime(2026, 11, 22, tzinfo=UTC)
STATES = ("REPORTED", "ACCEPTED")


def row(seq: int, case: int, state: str, path: str, before: str | None = None, light: str = "GREEN") -> Any:
    """A change as the log holds it."""
    body = {
        "case_no": f"C{case}",
        "state": state,
        "light": light,
        "paths": ["6205", "62051"][: len(path) // 3],
    }
    values = {"path": path, "path_before": before, "body": json.dumps(body)}
    return SimpleNamespace(seq=seq, type="case", accepted_at=THEN, **values)


class Story:
    """Six cases in two places, each with two revisions; the fifth leaves the town; a wall of each scope, one reload."""

    def __init__(self) -> None:
        rows = []
        for case in range(6):
            path = TOWN if case % 2 == 0 else "000002"
            rows.append(row(len(rows) + 1, case, "REPORTED", path))
            to = "000002" if case == 4 else path
            rows.append(row(len(rows) + 1, case, "ACCEPTED", to, path if to != path else None))
        rows.append(row(13, 0, "ACCEPTED", TOWN, light="YELLOW"))  # the clock turned a light
        self.log = Log("one", rows, {f"C{n}": f"S{n}" for n in range(6)})
        self.posts = [Post(f"S{n}", state, "ok", "one") for n in range(6) for state in STATES]
        self.walls = [self._wall("county", COUNTY), self._wall("town", TOWN)]

    def _wall(self, name: str, path: str) -> Watch:
        visible = [item for one in self.log.rows if (item := visible_item(one, Scope(path))) is not None]
        first = Life("one", 2, 6, [copy.deepcopy(item) for item in visible if 2 < item["seq"] <= 6])
        rest = Life("one", 8, 13, [copy.deepcopy(item) for item in visible if item["seq"] > 8])
        return Watch(name, path, [first, rest])

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the county's wall applied since its reload."""
        return self.walls[0].lives[-1].items

    def kinds(self) -> set[str]:
        return {violation.kind for violation in check([self.log], self.posts, self.walls)}


def test_a_history_in_which_everything_went_well_is_blameless() -> None:
    assert Story().kinds() == set()


def test_what_nobody_was_answered_may_be_in_the_log_or_not() -> None:
    story = Story()
    story.posts[3].outcome = "unknown"
    story.posts.append(Post("S9", "REPORTED", "unknown"))
    assert story.kinds() == set()


def losing_an_accepted_one(story: Story) -> None:
    story.posts.append(Post("S7", "REPORTED", "ok", "one"))


def accepted_in_a_life_that_does_not_hold_it(story: Story) -> None:
    story.posts[0].epoch = "another"


def storing_what_was_refused(story: Story) -> None:
    story.posts[3].outcome = "refused"


def storing_what_nobody_sent(story: Story) -> None:
    story.log.rows.append(row(14, 9, "REPORTED", TOWN))  # type: ignore[attr-defined]


def storing_twice(story: Story) -> None:
    story.log.rows.append(row(14, 5, "REPORTED", "000002"))  # type: ignore[attr-defined]


def leaving_a_number_out(story: Story) -> None:
    del story.log.rows[5]  # type: ignore[attr-defined]


def storing_the_second_revision_first(story: Story) -> None:
    story.log.rows[0].body, story.log.rows[1].body = story.log.rows[1].body, story.log.rows[0].body


def not_applying_one(story: Story) -> None:
    del story.items[1]


def applying_one_twice(story: Story) -> None:
    story.items.append(story.items[-1])


def applying_one_again_after_a_reload(story: Story) -> None:
    life = story.walls[0].lives[-1]
    life.start = 5
    life.items[:0] = story.walls[0].lives[0].items[-1:]


def applying_two_the_other_way_round(story: Story) -> None:
    story.items[0], story.items[1] = story.items[1], story.items[0]


def applying_one_that_never_was(story: Story) -> None:
    story.items.append(story.items[-1] | {"seq": 99})


def telling_a_town_of_its_neighbour(story: Story) -> None:
    neighbour = next(item for item in story.items if item["case_no"] == "C5")
    story.walls[1].lives[-1].items.append(neighbour)


def telling_a_town_what_became_of_a_case_that_left(story: Story) -> None:
    gone = next(item for item in story.walls[1].lives[-1].items if item.get("removed"))
    gone["state"] = "ACCEPTED"


def showing_another_state(story: Story) -> None:
    story.items[0]["state"] = "CLOSED"


def staying_behind(story: Story) -> None:
    life = story.walls[0].lives[-1]
    life.end = 12
    del life.items[-1]


def staying_in_a_life_that_is_over(story: Story) -> None:
    story.walls[0].lives[-1].epoch = "another"


def never_coming_up(story: Story) -> None:
    story.walls[0].lives.clear()


@pytest.mark.parametrize(
    ("corrupt", "kinds"),
    [
        (losing_an_accepted_one, {"lost"}),
        (accepted_in_a_life_that_does_not_hold_it, {"lost"}),
        (storing_what_was_refused, {"phantom"}),
        (storing_what_nobody_sent, {"phantom"}),
        (storing_twice, {"doubled", "reordered"}),
        (leaving_a_number_out, {"gap"}),
        (storing_the_second_revision_first, {"reordered"}),
        (not_applying_one, {"missed"}),
        (applying_one_twice, {"doubled"}),
        (applying_one_again_after_a_reload, {"doubled"}),
        (applying_two_the_other_way_round, {"reordered"}),
        (applying_one_that_never_was, {"phantom"}),
        (telling_a_town_of_its_neighbour, {"leaked"}),
        (telling_a_town_what_became_of_a_case_that_left, {"altered"}),
        (showing_another_state, {"altered"}),
        (staying_behind, {"behind"}),
        (staying_in_a_life_that_is_over, {"phantom", "behind"}),
        (never_coming_up, {"behind"}),
    ],
    ids=lambda given: given.__name__ if callable(given) else "",
)
def test_a_corrupted_history_is_caught(corrupt: Callable[[Story], None], kinds: set[str]) -> None:
    story = Story()
    corrupt(story)
    assert kinds <= story.kinds()
