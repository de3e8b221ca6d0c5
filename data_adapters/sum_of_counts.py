"""``closed + rejected - reopened``: a sum of declared counts, as a configuration writes it. Read, never run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_adapters.ledger.declared import NAMES, is_declared
from data_adapters.suggestion import did_you_mean

_TOKEN = re.compile(r"\s*([+\-−]|[^\s+\-−]+)")
_SIGNS = {"+": 1, "-": -1, "−": -1}
_MOST_TERMS = 20


@dataclass(frozen=True, slots=True)
class SumOfCounts:
    """``terms``: (+1 or -1, name of a declared count), at least one."""

    terms: tuple[tuple[int, str], ...]

    @classmethod
    def parse(cls, text: str) -> SumOfCounts:
        """Raises `ValueError`, one line, for anything but declared names between + and -."""
        tokens = _TOKEN.findall(text)
        terms: list[tuple[int, str]] = []
        sign: int | None = 1
        for token in tokens:
            if token in _SIGNS:
                if sign is not None and terms:
                    raise ValueError(f"{text!r}：{token} 前缺少计数的名称")
                sign = _SIGNS[token]
            elif sign is None:
                raise ValueError(f"{text!r}：{token} 前缺少 + 或 -，只能把计数相加减")
            elif not is_declared(token):
                raise ValueError(f"没有名为 {token} 的计数{did_you_mean(token, NAMES)}")
            else:
                terms.append((sign, token))
                sign = None
        if not terms or sign is not None:
            raise ValueError(f"{text!r} 不完整，应为计数的名称，可用 + 和 - 连接，如 closed + transferred")
        if len(terms) > _MOST_TERMS:
            raise ValueError(f"{len(terms)} 项太多，至多 {_MOST_TERMS} 项")
        return cls(tuple(terms))

    def __str__(self) -> str:
        """``closed + rejected - reopened``."""
        (first, name), *rest = self.terms
        told = [name if first > 0 else f"- {name}"]
        return " ".join(told + [f"{'+' if sign > 0 else '-'} {one}" for sign, one in rest])

    @property
    def names(self) -> frozenset[str]:
        """The counts it is made of."""
        return frozenset(name for _, name in self.terms)
