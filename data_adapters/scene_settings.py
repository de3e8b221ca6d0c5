"""The tables `[[scenes]]` and `[carousel]`: how they are written. Whether what they name exists is checked above."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data_adapters.duration import seconds

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=32)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SceneSettings(_Table):
    """One scene. ``left``, ``right`` and ``footer`` are names of panels, ``layers`` names of map layers.

    ``grid`` is the grid to open; None: the one that is open stays. ``window`` (``7d``) and ``heat`` are days and mode
    of the heat, ``indicator`` what the polygons are coloured by; None: as usual.
    """

    id: Name
    title: Annotated[str, Field(min_length=1, max_length=16)]
    title_en: Annotated[str, Field(max_length=40)] | None = None
    left: list[str] = []
    right: list[str] = []
    footer: list[str] = []
    layers: list[str] | None = None
    grid: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    window: str | None = None
    heat: str | None = None
    indicator: str | None = None


class CarouselSettings(_Table):
    """The walk through scenes; without ``scenes`` there is none. Times in seconds.

    ``idle``: so long after the last hand it goes on. A new red alert brings ``alert_scene`` to the front, until it is
    acknowledged, for ``alert_for`` at the longest.
    """

    scenes: list[str] = []
    every: Annotated[int, BeforeValidator(seconds), Field(ge=5)] = 30
    idle: Annotated[int, BeforeValidator(seconds), Field(ge=5)] = 60
    alert_scene: str = "command"
    alert_for: Annotated[int, BeforeValidator(seconds), Field(ge=10)] = 300
