"""`yiping.toml` as typed settings: what the centre is called, where it keeps its data, which sources it reads."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from data_adapters.duration import seconds
from data_adapters.http_settings import HttpSettings
from data_adapters.indicator_settings import IndicatorSettings
from data_adapters.indicator_settings import Name as IndicatorName
from data_adapters.kinds import KINDS
from data_adapters.map_settings import MapSettings
from data_adapters.records.span import Span
from data_adapters.records.time_limit import DEFAULTS, MOST_STEP, STEP_SPANS, Policy
from data_adapters.scene_settings import CarouselSettings, SceneSettings
from data_adapters.settings_error import SettingsError, first_fault
from data_adapters.stream_settings import StreamSettings, check_stream
from data_adapters.suggestion import did_you_mean
from data_adapters.toml_lines import line_numbers

_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: Readers that know every key they take.
_OURS = frozenset({"file", "sql", "http", "stream"})
#: How often a stream says at least that it lives.
_STREAM_EVERY_S = 60
_CRS = re.compile(r"^(EPSG:\d{4,6}|GCJ-02|BD-09|auto)$")


def _rule(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldRule(_Table):
    """Where one of our fields comes from: a column of theirs, a constant, or (a grid's parent) the place itself.

    ``format`` is a strptime pattern for times, or ``epoch`` or ``epoch_ms`` (numbers since 1970); for a code that is
    kept as a number it is a pattern such as ``%06d``.
    """

    column: str | None = None
    const: bool | int | float | str | datetime | date | None = None
    within: Annotated[int, Field(ge=0, le=9)] | None = None
    format: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> FieldRule:
        if sum(origin is not None for origin in (self.column, self.const, self.within)) != 1:
            raise ValueError("应为列名，或 column、const、within 三者之一")
        if self.format is not None and self.column is None:
            raise ValueError("format 只能与 column 同用")
        return self


class Centre(_Table):
    """The centre itself. ``root`` is the code of the grid above all others; ``demo``: everything is synthetic.
    ``basic_is_satisfied``: 基本满意 counts as satisfied in K20.

    ``language``: of the pages, for whoever has not chosen another one.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    timezone: str = "Asia/Shanghai"
    root: Annotated[str, Field(min_length=1, max_length=32)]
    demo: bool = False
    basic_is_satisfied: bool = False
    language: Literal["zh", "en"] = "zh"

    @model_validator(mode="after")
    def _known_zone(self) -> Centre:
        if self.timezone not in available_timezones():
            raise ValueError(
                f"未知时区 {self.timezone!r}{did_you_mean(self.timezone, available_timezones())}"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin and times without an offset are read."""
        return ZoneInfo(self.timezone)


class Store(_Table):
    """Where the ledger is kept."""

    url: str = "sqlite:///yiping.db"


class Display(_Table):
    """Who may look, and at which grid and what lies under it. ``duty``: may also acknowledge alerts there."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    token: Annotated[str, Field(min_length=1)]
    grid: str
    duty: bool = False


class Level(_Table):
    """What the county calls a level; 0 is the root."""

    level: Annotated[int, Field(ge=0, le=9)]
    name: Annotated[str, Field(min_length=1, max_length=16)]


class Api(_Table):
    """Who may write through the HTTP API. No token: only the machine itself."""

    tokens: list[Annotated[str, Field(min_length=1)]] = []


class Wall(_Table):
    """What the wall shows. ``tiles``: ids of indicators, in the order of the six places; None: the usual six.

    ``scenes``: ids of scenes, in the order of their switches; None: the shipped ones, then the county's own.
    ``theme``: for whoever has not chosen another one; ``auto`` follows the machine.
    """

    tiles: Annotated[list[IndicatorName], Field(min_length=1, max_length=6)] | None = None
    scenes: Annotated[list[str], Field(min_length=1, max_length=12)] | None = None
    theme: Literal["dark", "light", "auto"] = "dark"


class Live(_Table):
    """The live feed. ``canary``: seconds between two changes that only measure whether walls paint; 0: none."""

    canary: Annotated[int, BeforeValidator(seconds), Field(ge=0)] = 60


class Replay(_Table):
    """Going back in time. ``idle``: seconds untouched until a wall is live again; ``keep``: for how long what was
    known is kept (at least an hour)."""

    idle: Annotated[int, BeforeValidator(seconds), Field(ge=10)] = 600
    keep: Annotated[int, BeforeValidator(seconds), Field(ge=3_600)] = 40 * 86_400


class SourceSettings(_Table):
    """One source: which reader reads it, and how their columns become our fields."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["grid", "org", "indicator", "case", "case_event", "video_point", "video_status"]
    reader: str = "file"
    path: Path | None = None
    layer: str | None = None  # of a GeoPackage
    sheet: str | None = None  # of an Excel file; the first one otherwise
    header: int | tuple[int, int] | None = None  # Excel row(s) of the header; found by itself otherwise
    records: str | None = None  # where in a JSON file the list lies, "a.b"; the whole file otherwise
    encoding: str = "auto"
    crs: str | None = None  # None: what the file says, else EPSG:4490
    url: str | None = None
    http: HttpSettings | None = None
    stream: StreamSettings | None = None
    options: dict[str, Any] = {}  # what a reader from elsewhere asks for; it checks them itself
    query: str | None = None
    cursor: str | None = None
    cursor_start: int | str = "1970-01-01 00:00:00"
    every: Annotated[int, BeforeValidator(seconds), Field(ge=1)] = 900  # seconds
    may_shrink: bool = False  # a snapshot that is a fifth shorter than before is believed
    fields: dict[str, Annotated[FieldRule, BeforeValidator(_rule)]]
    values: dict[str, dict[str, bool | int | float | str]] = {}

    @property
    def is_stream(self) -> bool:
        """Whether it is followed all the time, rather than read now and then."""
        return self.reader == "stream"

    @model_validator(mode="before")
    @classmethod
    def _lives(cls, told: Any) -> Any:
        if isinstance(told, dict) and told.get("reader") == "stream":
            return {"every": _STREAM_EVERY_S} | told
        return told

    @model_validator(mode="after")
    def _fits_its_kind(self) -> SourceSettings:
        kind = KINDS[self.kind]
        for name, rule in self.fields.items():
            if name not in kind.field_names:
                raise ValueError(
                    f"fields.{name}：{self.kind} 没有这个字段{did_you_mean(name, kind.field_names)}"
                )
            if rule.within is not None and (self.kind, name) != ("grid", "parent"):
                raise ValueError(f"fields.{name}：within 只用于 grid 的 parent")
        for group in kind.needs:
            if not any(name in self.fields for name in group):
                raise ValueError(f"fields：缺少 {' 或 '.join(group)}")
        for name in self.values:
            if name not in self.fields:
                raise ValueError(f"values.{name}：fields 里没有这个字段{did_you_mean(name, self.fields)}")
        return self

    @model_validator(mode="after")
    def _fits_its_reader(self) -> SourceSettings:
        if self.reader == "file" and self.path is None:
            raise ValueError('path：reader = "file" 需要文件路径')
        if self.reader == "sql" and (self.url is None or self.query is None):
            raise ValueError('reader = "sql" 需要 url 和 query')
        if self.reader == "http" and self.url is None:
            raise ValueError('reader = "http" 需要 url')
        if self.http is not None and self.reader != "http":
            raise ValueError('http：只用于 reader = "http"')
        if self.options and self.reader in _OURS:
            raise ValueError(f"options：只用于别处装来的 reader，{self.reader} 没有")
        if self.is_stream:
            check_stream(self.url, self.stream)
        elif self.stream is not None:
            raise ValueError('stream：只用于 reader = "stream"')
        if self.is_stream and self.crs == "auto":
            raise ValueError("crs：流一条一条地来，看不出坐标系，请写明，不能为 auto")
        if self.is_stream and self.cursor is not None:
            raise ValueError("cursor：流自己记得读到哪里，不必写")
        if self.crs is not None and not _CRS.match(self.crs):
            raise ValueError(f"crs：{self.crs!r} 应为 EPSG:编号、GCJ-02、BD-09 或 auto")
        return self


class LimitEntry(_Table):
    """The time limits of one grade from a day on; what is left out stays as proposed (`time_limit.DEFAULTS`).

    A limit is written ``7d`` (natural days), ``1wd`` (workdays), ``2h``, ``30m``, or ``none`` where there is none.
    """

    grade: Literal["ORDINARY", "COMPLEX", "MAJOR", "PETITION_BACKLOG"]
    valid_from: date = date.min
    accept: str | None = None
    dispatch: str | None = None
    sign: str | None = None
    handle: str | None = None
    yellow: str | None = None
    yellow_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    extension: str | None = None
    extensions: Annotated[int, Field(ge=0, le=99)] | None = None
    follow_up: str | None = None
    follow_later: list[str] | None = None
    suspension: str | None = None

    @model_validator(mode="after")
    def _readable(self) -> LimitEntry:
        told = [(name, getattr(self, name)) for name in _SPANS]
        for name, text in [*told, *(("follow_later", text) for text in self.follow_later or ())]:
            if text is None or (text == "none" and name in _OPTIONAL_SPANS):
                continue
            try:
                span = Span.of(text)
            except ValueError as error:
                raise ValueError(f"{name}：{error}") from None
            if name in (*STEP_SPANS, "follow_later") and span.length > MOST_STEP:
                raise ValueError(f"{name}：{text} 太长，受理、签收、回访的时限至多 {MOST_STEP.days} 天")
        return self

    @property
    def policy(self) -> Policy:
        """As the ledger takes it."""
        usual = next(one for one in DEFAULTS if one.grade == self.grade)
        given: dict[str, Any] = {
            name: None if text == "none" else Span.of(text)
            for name in _SPANS
            if (text := getattr(self, name)) is not None
        }
        given |= {
            name: value
            for name in ("yellow_share", "extensions")
            if (value := getattr(self, name)) is not None
        }
        if self.follow_later is not None:
            given["follow_later"] = tuple(map(Span.of, self.follow_later))
        return replace(usual, valid_from=self.valid_from, **given)


_OPTIONAL_SPANS = ("accept", "dispatch", "sign", "handle", "suspension")
_SPANS = (*_OPTIONAL_SPANS, "yellow", "extension", "follow_up")


class Settings(_Table):
    """The whole file. ``folder`` is where relative paths start."""

    centre: Centre
    store: Store = Store()
    displays: list[Display] = []
    levels: Annotated[list[Level], Field(min_length=1)]
    sources: list[SourceSettings] = []
    indicators: list[IndicatorSettings] = []
    wall: Wall = Wall()
    map: MapSettings = MapSettings()
    scenes: list[SceneSettings] = []
    carousel: CarouselSettings = CarouselSettings()
    api: Api = Api()
    live: Live = Live()
    replay: Replay = Replay()
    limits: list[LimitEntry] = []
    folder: Path = Path()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        versions = [(entry.grade, entry.valid_from) for entry in self.limits]
        if len(set(versions)) != len(versions):
            raise ValueError("limits：同一等级同一天只能有一条，请改 valid_from")
        numbers = [level.level for level in self.levels]
        if sorted(numbers) != list(range(len(numbers))):
            raise ValueError(f"levels：层级应从 0 起连续且不重复，现为 {numbers}")
        for what, names in (
            ("sources", [source.name for source in self.sources]),
            ("displays", [display.name for display in self.displays]),
            ("displays 的 token", [display.token for display in self.displays]),
            ("indicators", [indicator.id for indicator in self.indicators]),
            ("wall.tiles", self.wall.tiles or []),
            ("wall.scenes", self.wall.scenes or []),
            ("scenes", [scene.id for scene in self.scenes]),
        ):
            if len(set(names)) != len(names):
                repeated = "" if "token" in what else f" {next(n for n in names if names.count(n) > 1)!r}"
                raise ValueError(f"{what}：名称重复{repeated}，每个应不同")
        return self

    @property
    def high_water(self) -> Path:
        """Where a server notes how far the log was shown: beside a SQLite store, else beside the configuration."""
        url = sa.make_url(self.store.url)
        file = url.database if url.get_backend_name() == "sqlite" else None
        return Path(f"{file}.shown") if file else self.folder / "yiping.shown"

    @property
    def policies(self) -> list[Policy]:
        """The county's own time limits, beside the proposed ones."""
        return [entry.policy for entry in self.limits]

    def level_name(self, level: int) -> str:
        """What the county calls `level`; its number where it has no name."""
        return next((known.name for known in self.levels if known.level == level), f"{level} 级")

    def in_reading_order(self) -> list[SourceSettings]:
        """The sources, grids first, each after what it stands on."""
        order = list(KINDS)
        return sorted(self.sources, key=lambda source: order.index(source.kind))


def load(path: Path | str) -> Settings:
    """Read and check a configuration file.

    Raises `SettingsError`: one line with file, line, key and what would be right.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(f"{path}：找不到配置文件，可用 yiping init 生成") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}：无法读取，应为 UTF-8 文本（{error}）") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}：不是有效的 TOML（{error}）") from None
    lines = line_numbers(text)
    raw = _substitute(raw, (), path, lines)
    raw["folder"] = path.resolve().parent
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(first_fault(error, raw, path, lines, Settings)) from None
    return _rooted(settings)


def _substitute(value: Any, at: tuple[str | int, ...], path: Path, lines: dict[Any, int]) -> Any:
    """`value` with every ``${NAME}`` taken from the environment."""
    if isinstance(value, dict):
        return {key: _substitute(inner, (*at, key), path, lines) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substitute(inner, (*at, n), path, lines) for n, inner in enumerate(value)]
    if not isinstance(value, str):
        return value

    def given(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise SettingsError.at(path, lines, at, f"环境变量 {match[1]} 没有设置，应先 export {match[1]}=…")
        return os.environ[match[1]]

    return _ENVIRONMENT.sub(given, value)


def _rooted(settings: Settings) -> Settings:
    """The settings with relative paths (files, SQLite databases) starting at the file's folder."""
    folder = settings.folder
    sources = [
        source.model_copy(
            update={
                "path": folder / source.path if source.path is not None else None,
                "url": _rooted_source_url(source, folder),
                "stream": _rooted_stream(source.stream, folder),
            }
        )
        for source in settings.sources
    ]
    store = Store(url=rooted_url(settings.store.url, folder))
    ground = settings.map.basemap
    if ground is not None and ground.path is not None:
        ground = ground.model_copy(update={"path": folder / ground.path})
    map_ = settings.map.model_copy(update={"basemap": ground})
    return settings.model_copy(update={"sources": sources, "store": store, "map": map_})


def _rooted_source_url(source: SourceSettings, folder: Path) -> str | None:
    return rooted_url(source.url, folder) if source.url is not None and source.reader == "sql" else source.url


def _rooted_stream(told: StreamSettings | None, folder: Path) -> StreamSettings | None:
    if told is None or told.ca_file is None:
        return told
    return told.model_copy(update={"ca_file": folder / told.ca_file})


def rooted_url(url: str, folder: Path) -> str:
    """`url`, with the file of a relative SQLite address placed in `folder`."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise SettingsError(
            "url 不是数据库地址，应为 sqlite:///yiping.db 或 postgresql+psycopg://用户@主机/库"
        ) from None
    database = parsed.database
    if (
        not parsed.drivername.startswith("sqlite")
        or not database
        or database.startswith((":memory:", "file:"))
    ):
        return url
    return parsed.set(database=str(folder / database)).render_as_string(hide_password=False)
