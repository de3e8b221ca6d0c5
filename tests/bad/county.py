"""The configuration around the corpus: the ruler-drawn county, and sources for its bad rows and files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_adapters.settings import Settings, load
from tests.bad.corpus import BadRow
from tests.bad.rows import GOOD, MAPPED
from tests.fixtures.county_files import HEAD, LEVELS, level_source, write_grids

#: What a source of each kind must have been preceded by: a step needs its case, a grid its parents.
_BELOW = {"case_event": ("case",), "video_status": ("video_point",)}


def source_text(kind: str, name: str, file: str, more: dict[str, Any] | None = None) -> str:
    """A [[sources]] table that maps every field of `MAPPED`."""
    options: dict[str, Any] = {"name": name, "kind": kind, "path": file} | (more or {})
    fields: dict[str, Any] = options.pop("fields", MAPPED[kind])
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in options.items()]
    mapped = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    if kind == "case_event":
        mapped.append('case_source = { const = "cases" }')
    return "\n".join(["[[sources]]", *lines, "[sources.fields]", *mapped, ""])


def settings_of(folder: Path, sources: Iterable[str], levels: range = range(3)) -> Settings:
    """The county's grids down to the villages, and these sources."""
    write_grids(folder)
    path = folder / "yiping.toml"
    texts = [level_source(level) for level in levels]
    path.write_text(HEAD + LEVELS + "".join(texts) + "".join(sources), encoding="utf-8")
    return load(path)


def write_rows(folder: Path, kind: str, rows: Iterable[BadRow]) -> str:
    """The rows of a kind as one file; returns its source. A bad row is row number 1 + its place (CSV: 2 + …)."""
    values = [{"id": row.id} | GOOD[kind] | row.changes for row in rows]
    columns = MAPPED[kind].values()
    if kind == "grid":
        with (folder / "grid.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(columns), restval="")
            writer.writeheader()
            writer.writerows(values)
        return source_text(kind, "grid", "grid.csv")
    full = [dict.fromkeys(columns) | value for value in values]
    (folder / f"{kind}.json").write_text(json.dumps(full), encoding="utf-8")
    return source_text(kind, "cases" if kind == "case" else kind, f"{kind}.json")


def standing_on(kind: str) -> tuple[str, ...]:
    """The kinds that must be read before this one makes sense."""
    return _BELOW.get(kind, ())
