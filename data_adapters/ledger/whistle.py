"""The whistles of a case (吹哨): which unit was called when, until when it should answer, and what it did.

They are kept on the case's own row as one short text, since hardly any case has one and a case that moves takes its
whistles along. Times are milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson


@dataclass(slots=True)
class Whistle:
    """One unit that was called. ``type`` is one of `time_limit.WHISTLE`."""

    unit: str
    type: str
    raised: int
    due: int
    acked: int | None = None
    arrived: int | None = None
    done: int | None = None
    declined: bool = False
    rating: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the unit still has to finish; a case with an open whistle cannot be closed."""
        return self.done is None and not self.declined


_NAMES = tuple(Whistle.__slots__)


def to_text(whistles: Sequence[Whistle]) -> str | None:
    """For the row; None where there are none."""
    if not whistles:
        return None
    return orjson.dumps([[getattr(one, name) for name in _NAMES] for one in whistles]).decode()


def from_text(text: str | None) -> list[Whistle]:
    """The whistles of a row."""
    return [] if text is None else [Whistle(*values) for values in orjson.loads(text)]
