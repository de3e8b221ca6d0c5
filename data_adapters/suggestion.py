"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import takewhile


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, if any is like it at all; capitals do not matter."""
    by_folded = {name.casefold(): name for name in known}
    folded = word.casefold()
    found = difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.5)
    # Of those as like as the likest, the one that begins the same: a code's first digits say where it is.
    likest = [name for name in found if _likeness(folded, name) == _likeness(folded, found[0])]
    return by_folded[max(likest, key=lambda name: _begins_alike(folded, name))] if found else None


def _begins_alike(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _likeness(one: str, other: str) -> float:
    return round(difflib.SequenceMatcher(None, other, one).ratio(), 3)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error line: the nearest known word, else the first few that are known."""
    names = list(known)
    found = nearest(word, names)
    if found is not None:
        return f"，是否想写 {found}？"
    shown = "、".join(sorted(names)[:12])
    return f"，可用：{shown}{'…' if len(names) > 12 else ''}" if names else ""
