"""The fingerprint of what a case tells, by which a revision says something new: by column and of one row the same.

Each known field gives a number of 64 bits that nothing else gives but by chance; the fingerprint is their sum, so that
what is unknown costs nothing. It is only ever compared with the fingerprint of the same case.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from data_adapters.ledger.columns import MISSING, Column, Columns
from data_adapters.ledger.tables import cases
from data_adapters.ledger.types import to_milliseconds
from data_adapters.records.case import CONTENT

_TOLD = tuple(name for name in CONTENT if name != "case_no")
_MASK = 2**64 - 1
# The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST = 31


@lru_cache(maxsize=50_000)
def _of_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


_SALT = {name: _of_text(name) for name in _TOLD}
_TEXTS = frozenset(name for name in _TOLD if isinstance(cases.c[name].type, sa.String))
_NUMBERS = frozenset(name for name in _TOLD if isinstance(cases.c[name].type, sa.Float))


def digest(content: dict[str, Any]) -> int:
    """The fingerprint of one revision's content (the names of `records.case.CONTENT`), as a signed integer."""
    total = 0
    for name in _TOLD:
        if (value := content[name]) is not None:
            bits = _bits(name, value) ^ _SALT[name]
            for shift, factor in _STEPS:
                bits = (bits ^ bits >> shift) * factor & _MASK
            total += bits ^ bits >> _LAST
    total &= _MASK
    signed = total - 2**64 if total >= 2**63 else total
    return 0 if signed == MISSING else signed


def _bits(name: str, value: Any) -> int:
    if name in _TEXTS:
        return _of_text(value)
    if name in _NUMBERS:
        return int.from_bytes(struct.pack("<d", value), "little")
    return (to_milliseconds(value) if isinstance(value, datetime) else int(value)) & _MASK


def digests(rows: Columns) -> Column:
    """The fingerprint of what each row tells: the same as `digest` of its values."""
    total = np.zeros(len(rows), dtype=np.uint64)
    for name in _TOLD:
        if name not in rows:
            continue
        bits, known = _column_bits(rows, name)
        bits = bits ^ np.uint64(_SALT[name])
        for shift, factor in _STEPS:
            bits = (bits ^ bits >> np.uint64(shift)) * np.uint64(factor)
        total += np.where(known, bits ^ bits >> np.uint64(_LAST), np.uint64(0))
    found: Column = total.view(np.int64)
    found[found == MISSING] = 0
    return found


def _column_bits(rows: Columns, name: str) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    if name in _TEXTS:
        codes, unique = rows.factor(name)
        return np.array([*map(_of_text, unique.tolist()), 0], dtype=np.uint64)[codes], codes >= 0
    return np.ascontiguousarray(rows[name]).view(np.uint64), rows.known(name)
