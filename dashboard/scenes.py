"""The scenes of a wall: which panels, layers, grid and window. Six are shipped; a county changes or adds some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from dashboard.indicators.catalogue import Catalogue
from dashboard.panels.map import HEAT_DAYS, HEAT_MODES, LAYERS
from dashboard.panels.registry import BY_NAME
from data_adapters.scene_settings import CarouselSettings, SceneSettings
from data_adapters.settings import Settings
from data_adapters.settings_error import SettingsError
from data_adapters.suggestion import did_you_mean

#: Where panels stand. The map is in the middle of every scene.
AREAS = ("left", "right", "footer")
USUAL_LAYERS = ["grid", "video", "case"]

#: The five functions of a centre, and the whole at a glance (domain dictionary, SX7).
SHIPPED: tuple[SceneSettings, ...] = (
    SceneSettings(
        id="overview",
        title="态势总览",
        title_en="Overview",
        left=["tiles", "trend", "composition"],
        right=["feed", "alerts", "ranking"],
        footer=["loop"],
        layers=["grid", "video", "case"],
    ),
    SceneSettings(
        id="grids",
        title="网格管理",
        title_en="Grids",
        left=["tiles", "staff", "coverage"],
        right=["orgs", "ranking"],
        footer=["loop"],
        layers=["grid"],
    ),
    SceneSettings(
        id="appeals",
        title="诉求表达",
        title_en="Appeals",
        left=["tiles", "composition", "residency"],
        right=["feed", "flow"],
        footer=["loop"],
        layers=["grid", "case"],
    ),
    SceneSettings(
        id="disputes",
        title="矛盾化解",
        title_en="Disputes",
        left=["double", "resolved", "steps6"],
        right=["flow", "joint", "ranking"],
        footer=["loop"],
        layers=["grid", "case"],
    ),
    SceneSettings(
        id="analysis",
        title="分析研判",
        title_en="Analysis",
        left=["trend", "composition", "score"],
        right=["safe", "ranking", "health"],
        layers=["grid", "heat"],
        window="30d",
    ),
    SceneSettings(
        id="command",
        title="应急指挥",
        title_en="Command",
        left=["alerts", "tiles"],
        right=["feed", "whistles", "health"],
        footer=["loop"],
        layers=["grid", "video", "case"],
    ),
)


class Scenes(tuple[SceneSettings, ...]):
    """The scenes of one centre in the order of their switches, and its carousel."""

    by_id: dict[str, SceneSettings]
    carousel: CarouselSettings

    def __new__(
        cls, scenes: Iterable[SceneSettings] = SHIPPED, carousel: CarouselSettings | None = None
    ) -> Self:
        made = super().__new__(cls, scenes)
        made.by_id = {scene.id: scene for scene in made}
        made.carousel = carousel or CarouselSettings()
        return made

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue) -> Self:
        """The scenes that a configuration describes. Raises `SettingsError`, one line, where it cannot be."""
        known = {scene.id: scene for scene in SHIPPED} | {scene.id: scene for scene in settings.scenes}
        for scene in settings.scenes:
            _check(scene, catalogue)
        for where, ids in (
            ("wall.scenes", settings.wall.scenes),
            ("carousel.scenes", settings.carousel.scenes),
        ):
            for id_ in ids or []:
                _known(f"{where}：没有场景", id_, known)
        chosen = [known[id_] for id_ in settings.wall.scenes or known]
        shown = {scene.id for scene in chosen}
        for id_ in settings.carousel.scenes:
            _known("carousel.scenes：wall.scenes 里没有", id_, shown)
        if "alert_scene" in settings.carousel.model_fields_set:
            _known("carousel.alert_scene：没有场景", settings.carousel.alert_scene, shown)
        return cls(chosen, settings.carousel)

    def unknown_grids(self, codes: Iterable[str]) -> list[str]:
        """One line for every scene whose grid is not among `codes`."""
        known = set(codes)
        return [
            f"scenes（{scene.id}）.grid：没有网格 {scene.grid}{did_you_mean(scene.grid, known)}"
            for scene in self
            if scene.grid is not None and scene.grid not in known
        ]

    def for_page(self) -> dict[str, Any]:
        """What the scripts read: the scenes in order, and the carousel."""
        scenes = [
            {
                "id": scene.id,
                "title": scene.title,
                "title_en": scene.title_en,
                **{area: getattr(scene, area) for area in AREAS},
                "layers": scene.layers if scene.layers is not None else USUAL_LAYERS,
                "grid": scene.grid,
                "days": int(scene.window[:-1]) if scene.window else None,
                "heat": scene.heat,
                "indicator": scene.indicator,
            }
            for scene in self
        ]
        carousel = self.carousel.model_dump()
        if self.carousel.alert_scene not in self.by_id:
            carousel["alert_scene"] = None
        return {"scenes": scenes, "carousel": carousel}


def _check(scene: SceneSettings, catalogue: Catalogue) -> None:
    where = f"scenes（{scene.id}）"
    placed: set[str] = set()
    for area in AREAS:
        for name in getattr(scene, area):
            _known(f"{where}.{area}：没有面板", name, BY_NAME)
            if name in placed:
                raise SettingsError(f"{where}.{area}：面板 {name} 放了两次，一个场景里每块面板只有一处")
            placed.add(name)
    for layer in scene.layers or []:
        _known(f"{where}.layers：没有图层", layer, LAYERS)
    if scene.window is not None:
        _known(f"{where}.window：没有时段", scene.window, [f"{days}d" for days in HEAT_DAYS])
    if scene.heat is not None:
        _known(f"{where}.heat：没有方式", scene.heat, HEAT_MODES)
    if scene.indicator is not None:
        _known(f"{where}.indicator：没有指标", scene.indicator, catalogue.by_id)


def _known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise SettingsError(f"{what} {name}{did_you_mean(name, known)}")
