"""The catalogue: one entry an indicator, its formula in words and in integers (domain dictionary, section 3).

A ratio is formed at the last moment from two integers. A denominator of 0 gives no value, never 0 % or 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.indicators.acting import ACTING
from dashboard.indicators.closing import CLOSING
from dashboard.indicators.configured import configured
from dashboard.indicators.ground import GROUND
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.intake import INTAKE
from dashboard.indicators.resolving import RESOLVING
from dashboard.indicators.video import VIDEO_POINTS
from data_adapters.settings import Settings
from data_adapters.settings_error import SettingsError
from data_adapters.suggestion import did_you_mean

#: What every centre has. `Catalogue` is these and what its county adds.
CATALOGUE: tuple[Indicator, ...] = (*INTAKE, *CLOSING, *RESOLVING, *ACTING, *GROUND, *VIDEO_POINTS)
BY_ID = {indicator.id: indicator for indicator in CATALOGUE}
#: K20 of a county that takes 基本满意 for satisfied; it says so.
WITH_BASIC = replace(
    BY_ID["K20"],
    formula="非常满意、满意与基本满意 ÷ 有评价的回访；本县把基本满意计作满意，未应答不计",
    counts=("satisfied + satisfied_basic", "answered"),
)
USUAL_TILES = ("K01", "K07", "K11", "K10", "K13a", "K63a")


class Catalogue(tuple[Indicator, ...]):
    """The indicators of one centre, in order: those of `CATALOGUE`, then those of its configuration."""

    by_id: dict[str, Indicator]
    tiles: tuple[Indicator, ...]

    def __new__(
        cls,
        own: Sequence[Indicator] = (),
        tiles: Sequence[str] = USUAL_TILES,
        house: Sequence[Indicator] = CATALOGUE,
    ) -> Catalogue:
        made = super().__new__(cls, (*house, *own))
        made.by_id = {indicator.id: indicator for indicator in made}
        made.tiles = tuple(made.by_id[id_] for id_ in tiles)
        return made

    @classmethod
    def of(cls, settings: Settings) -> Catalogue:
        """The catalogue that a configuration describes. Raises `SettingsError`, one line, where it cannot be."""
        own = [configured(entry) for entry in settings.indicators]
        house = tuple(
            WITH_BASIC if one.id == "K20" and settings.centre.basic_is_satisfied else one for one in CATALOGUE
        )
        for indicator in own:
            if indicator.id in BY_ID:
                label = BY_ID[indicator.id].label
                raise SettingsError(
                    f"indicators（{indicator.id}）：{indicator.id} 已是内置的 {label}，请换一个 id"
                )
        known = {indicator.id for indicator in (*CATALOGUE, *own)}
        chosen = settings.wall.tiles or USUAL_TILES
        for id_ in chosen:
            if id_ not in known:
                raise SettingsError(f"wall.tiles：没有指标 {id_}{did_you_mean(id_, known)}")
        for id_ in settings.map.breaks:
            if id_ not in known:
                raise SettingsError(f"map.breaks：没有指标 {id_}{did_you_mean(id_, known)}")
        return cls(own, chosen, house)
