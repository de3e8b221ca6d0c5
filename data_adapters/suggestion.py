"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, if any is like it at all; capitals do not matter."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.5)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error line: the nearest known word, else the first few that are known."""
    names = list(known)
    found = nearest(word, names)
    if found is not None:
        return f"，是否想写 {found}？"
    shown = "、".join(sorted(names)[:12])
    return f"，可用：{shown}{'…' if len(names) > 12 else ''}" if names else ""
