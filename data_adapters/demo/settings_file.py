"""The demo centre's yiping.toml: written from the same vocabulary as its upstream files, so both always agree."""

from __future__ import annotations

from collections.abc import Mapping

from data_adapters.demo import vocabulary as words
from data_adapters.demo.names import COUNTY_CODE, COUNTY_NAME, PROVINCE_CODE, PROVINCE_NAME
from data_adapters.demo.reported import indicators_text

_CASE_TIMES = frozenset(
    f"{stage}_at"
    for stage in (
        "occurred", "reported", "registered", "accepted", "assigned", "received", "resolved", "closed", "followed_up",
        "due", "source_updated",
    )
)  # fmt: skip


def settings_text() -> str:
    """The whole file, in the form of the configuration reference."""
    parts = [
        "# 示范县综治中心：合成的演示数据。上游文件在 upstream/，由与真实数据相同的适配器读入。\n",
        f'[centre]\nname = "{COUNTY_NAME}综治中心"\ntimezone = "Asia/Shanghai"\nroot = "{COUNTY_CODE}"\ndemo = true\n',
        '[store]\nurl = "sqlite:///yiping.db"\n',
    ]
    parts += [
        f'[[levels]]\nlevel = {level}\nname = "{name}"\n' for level, name in enumerate(words.LEVEL_NAMES)
    ]
    parts.append(indicators_text())
    parts += [_grid(level) for level in range(len(words.GRID_LAYERS))]
    org_fields = {ours: _field(theirs, False) for ours, theirs in words.ORG_COLUMNS.items()}
    parts.append(_source(words.ORG_SOURCE, "org", "upstream/orgs.csv", "1d", org_fields, {}))
    fact_fields = {ours: _field(theirs, ours == "as_of") for ours, theirs in words.FACT_COLUMNS.items()}
    parts.append(_source(words.FACT_SOURCE, "indicator", "upstream/reported.csv", "1d", fact_fields, {}))
    case_fields = {ours: _field(theirs, ours in _CASE_TIMES) for ours, theirs in words.CASE_COLUMNS.items()}
    parts.append(
        _source(
            words.CASE_SOURCE,
            "case",
            "upstream/cases.parquet",
            "1d",
            case_fields,
            words.CASE_WORDS,
            'crs = "EPSG:4490"',
        )
    )
    event_fields = {ours: _field(theirs, ours == "at") for ours, theirs in words.EVENT_COLUMNS.items()}
    event_fields["case_source"] = f'{{ const = "{words.CASE_SOURCE}" }}'
    parts.append(
        _source(
            words.EVENT_SOURCE,
            "case_event",
            "upstream/case_events.parquet",
            "1d",
            event_fields,
            words.EVENT_WORDS,
        )
    )
    point_fields = {ours: _field(theirs, ours == "status_at") for ours, theirs in words.POINT_COLUMNS.items()}
    parts.append(
        _source(
            words.VIDEO_SOURCE,
            "video_point",
            "upstream/video_points.csv",
            "1d",
            point_fields,
            words.POINT_WORDS,
            'crs = "EPSG:4490"\nencoding = "GB18030"',
        )
    )
    status_fields = {ours: _field(theirs, ours == "at") for ours, theirs in words.STATUS_COLUMNS.items()}
    parts.append(
        _source(
            words.STATUS_SOURCE,
            "video_status",
            "upstream/video_status.csv",
            "1d",
            status_fields,
            words.STATUS_WORDS,
            'encoding = "auto"',
        )
    )
    return "\n".join(parts)


def province_text(store: str) -> str:
    """The file of a province that was made in the ledger itself: nothing is read, the feed posts."""
    parts = [
        "# 示范省综治中心：合成的演示数据，直接造在库里；没有要读的来源，模拟的上游通过接口上报。\n",
        f'[centre]\nname = "{PROVINCE_NAME}综治中心"\ntimezone = "Asia/Shanghai"\nroot = "{PROVINCE_CODE}"\n'
        "demo = true\n",
        f'[store]\nurl = "{store}"\n',
    ]
    parts += [f'[[levels]]\nlevel = {n}\nname = "{name}"\n' for n, name in enumerate(words.PROVINCE_LEVELS)]
    return "\n".join(parts)


def _grid(level: int) -> str:
    fields = {ours: _field(theirs, False) for ours, theirs in words.GRID_COLUMNS.items()}
    fields["level"] = f"{{ const = {level} }}"
    if level == 0:
        del fields["parent"]
    else:
        scheme = "LOCAL" if level == 2 else "VILLAGE12_SEQ"
        fields["code_scheme"] = f'{{ const = "{scheme}" }}'
    if words.GRID_LAYERS[level] == words.STAFFED_LAYER:
        fields["staff_count"] = _field("STAFF", False)
    layer = f'layer = "{words.GRID_LAYERS[level]}"\ncrs = "EPSG:4490"'
    return _source(words.GRID_SOURCES[level], "grid", "upstream/grids.gpkg", "1d", fields, {}, layer)


def _field(column: str, is_time: bool) -> str:
    return f'{{ column = "{column}", format = "{words.TIME_FORMAT}" }}' if is_time else f'"{column}"'


def _source(
    name: str, kind: str, path: str, every: str, fields: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]], more: str = "",
) -> str:  # fmt: skip
    lines = ["[[sources]]", f'name = "{name}"', f'kind = "{kind}"', 'reader = "file"', f'path = "{path}"']
    lines += [more] if more else []
    lines += [f'every = "{every}"', "", "[sources.fields]"]
    lines += [f"{ours} = {theirs}" for ours, theirs in fields.items()]
    for field, pairs in values.items():
        lines += ["", f"[sources.values.{field}]"]
        lines += [f'"{theirs}" = "{ours}"' for ours, theirs in pairs.items()]
    return "\n".join(lines) + "\n"
