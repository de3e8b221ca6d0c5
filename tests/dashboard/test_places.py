"""The grids kept at hand: a crowd at the door asks the store once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dashboard import places
from dashboard.places import Places


def test_a_crowd_asks_the_store_once_and_a_later_visitor_sees_what_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(places.time, "monotonic", lambda: now[0])
    given: list[Any] = []

    def load() -> Any:
        given.append(object())
        return given[-1]

    kept = Places(load)
    assert {id(kept.atlas()) for _ in range(500)} == {id(given[0])}
    now[0] += places.FRESH_S
    assert kept.atlas() is given[1]
    assert len(given) == 2


def test_while_one_asks_the_others_take_what_is_known() -> None:
    begun, go_on = threading.Event(), threading.Event()
    answers: list[Any] = ["old", "new"]

    def load() -> Any:
        if len(answers) == 1:
            begun.set()
            go_on.wait(10)
        return answers.pop(0)

    kept = Places(load)
    assert kept.atlas() == "old"  # type: ignore[comparison-overlap]
    kept._loaded_at = float("-inf")
    slow = threading.Thread(target=kept.atlas)
    slow.start()
    assert begun.wait(10)
    assert kept.atlas() == "old"  # type: ignore[comparison-overlap]
    go_on.set()
    slow.join(10)
    assert kept.atlas() == "new"  # type: ignore[comparison-overlap]


def test_a_store_that_does_not_answer_is_asked_again_by_the_next_and_what_is_known_serves_meanwhile() -> None:
    answers: list[Any] = [ConnectionError(), "grids", ConnectionError(), "new"]

    def load() -> Any:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    kept = Places(load)
    with pytest.raises(ConnectionError):
        kept.atlas()
    for known in ("grids", "grids", "new"):
        kept._loaded_at = float("-inf")
        assert kept.atlas() == known  # type: ignore[comparison-overlap]
