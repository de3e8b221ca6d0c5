"""Lengths of time as people write them in the configuration: 30s, 15m, 1h, 1d."""

from __future__ import annotations

import re
from typing import Any

_FORM = re.compile(r"^(\d+)\s*([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(value: Any) -> Any:
    """Text such as ``15m`` as seconds; anything else as it is. Raises `ValueError`."""
    if isinstance(value, str):
        if not (match := _FORM.match(value.strip())):
            raise ValueError(f"{value!r} 不是间隔，应为 30s、15m、1h 或 1d")
        return int(match[1]) * _SECONDS[match[2]]
    return value
