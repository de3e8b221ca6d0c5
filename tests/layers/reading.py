"""Reads vector tiles with an independent decoder."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile


def features(data: bytes, layer: str) -> list[dict[str, Any]]:
    """The features of one layer, coordinates in tile units, y southward; none for an empty tile."""
    if not data:
        return []
    decoded = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    assert list(decoded) == [layer]
    found: list[dict[str, Any]] = decoded[layer]["features"]
    return found
