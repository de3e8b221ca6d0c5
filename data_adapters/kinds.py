"""The kinds of source there are, in the order they must be read: what stands on what comes later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_adapters.records import case, event, grid, indicator, org, video
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from data_adapters.records.field import Context, Field
from data_adapters.records.grid import Grid
from data_adapters.records.indicator import IndicatorFact
from data_adapters.records.org import Org
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoPoint, VideoStatus

Record = Grid | Org | IndicatorFact | Case | CaseEvent | VideoPoint | VideoStatus
Parse = Callable[[Mapping[str, Any], Context, str], Record | list[Fault]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. ``needs``: of each group at least one field must be mapped. ``identity`` names a row."""

    name: str
    fields: Sequence[Field]
    parse: Parse
    needs: tuple[tuple[str, ...], ...]
    identity: str

    @property
    def field_names(self) -> list[str]:
        """The fields that a mapping may name, in the dictionary's order."""
        return [field.name for field in self.fields]

    @property
    def has_place(self) -> bool:
        """Whether a record of this kind lies at a point."""
        return "lon" in self.field_names


#: Reading order: grids before what lies in them, organisations before their cases,
#: cases before their steps, points before their status.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("grid", grid.FIELDS, grid.parse, (("code",), ("name",), ("level",)), "code"),
        Kind("org", org.FIELDS, org.parse, (("code",), ("name",), ("org_type",)), "code"),
        Kind(
            "indicator",
            indicator.FIELDS,
            indicator.parse,
            (("id",), ("grid_code",), ("numerator",), ("day", "month", "year", "period_from")),
            "id",
        ),
        Kind("video_point", video.FIELDS, video.parse, (("point_id",),), "point_id"),
        Kind("case", case.FIELDS, case.parse, (("source_id",), ("occurred_at", "reported_at")), "source_id"),
        Kind(
            "case_event",
            event.FIELDS,
            event.parse,
            (("type",), ("at",), ("case_no", "case_source_id")),
            "source_id",
        ),
        Kind(
            "video_status",
            video.STATUS_FIELDS,
            video.parse_status,
            (("point_id",), ("status",), ("at",)),
            "point_id",
        ),
    )
}
