"""Video points by column: the stocks they are in, as `contributions.point_gauges` says of one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from data_adapters.ledger.columns import Columns, Mask


def gauges(points: Columns) -> Iterator[tuple[str, Mask]]:
    """(measure, where it holds) of many points."""
    shown = points["secrecy"] == 0
    named = points.known("name") & ~points.is_in("name", {""})
    classed = points.known("point_class") & ~points.is_in("point_class", {""})
    should = shown & (points["should_network"] == 1)
    networked = shown & (points["networked"] != 0)
    yield "video", shown
    yield "video.filed", shown & named & points.known("lon") & classed
    yield "video.integrated", shown & (points["integrated"] == 1)
    yield "video.should_network", should
    yield "video.should_network.networked", should & (points["networked"] == 1)
    yield "video.networked", networked
    is_on = points.is_in("status", {"ON"})
    yield "video.on", networked & is_on
    yield "video.maintenance", networked & ~is_on & points.is_in("status_cause", {"MAINTENANCE"})
    for status in pd.unique(points["status"]):
        if status != "ON":
            yield f"video.{status}", shown & points.is_in("status", {status})
