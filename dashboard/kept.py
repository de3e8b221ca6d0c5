"""The last answers by what was asked: what many walls ask is worked out once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_A = TypeVar("_A")


class Kept(Generic[_A]):
    """At most `most` answers, the last used ones. Safe for several threads.

    Whoever asks puts all that an answer depends on into its key, the viewer's scope first: one viewer's answer is
    never another's.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, _A] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> _A | None:
        """What was put under this key, if it is still there."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: Hashable, answer: _A) -> None:
        """Keep an answer; the one that was not asked for longest goes."""
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
