"""`data-*` and `aria-*` attributes as keyword arguments."""

from __future__ import annotations

from typing import Any


def marks(**named: str) -> dict[str, Any]:
    """``marks(aria_label="图层")`` is ``{"aria-label": "图层"}``, to be unpacked into a component."""
    return {name.replace("_", "-"): value for name, value in named.items()}
