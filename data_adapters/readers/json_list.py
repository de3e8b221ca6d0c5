"""A list of objects in a JSON file, the whole file or under a key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson

from data_adapters.readers.encoding import encoding_of
from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError, require_columns
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings
from data_adapters.suggestion import did_you_mean

_LIMIT_MB = 512


def read_json_list(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of the objects of a list, counted from 1. ``NaN`` and the like are no JSON and end the read."""
    if path.stat().st_size > _LIMIT_MB * 1024 * 1024:
        raise SourceError(f"{path.name}：超过 {_LIMIT_MB} MB，应改用 CSV 或 Parquet")
    content = path.read_bytes().decode(encoding_of(path, source.encoding))
    try:
        value = orjson.loads(content.removeprefix("\ufeff"))
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{path.name}：第 {error.lineno} 行不是有效的 JSON（{error.msg}）") from None
    items = _list_in(value, source.records, path)
    columns = [name for name in wanted if name != GEOMETRY]
    known: dict[str, None] = {}
    for item in items:
        if isinstance(item, dict):
            known.update(dict.fromkeys(item))
    if known:
        require_columns(wanted, known, path.name)
    for start in range(0, len(items), CHUNK_ROWS):
        chunk, numbers = Chunk([], [], total=len(items)), list[int]()
        for number, item in enumerate(items[start : start + CHUNK_ROWS], start=start + 1):
            if isinstance(item, dict):
                chunk.rows.append({name: item.get(name) for name in columns})
                numbers.append(number)
            else:
                chunk.broken.append((number, Fault("*", "type", f"应为对象，收到 {type(item).__name__}")))
        chunk.numbers = numbers
        yield chunk


def _list_in(value: Any, place: str | None, path: Path) -> list[Any]:
    for key in place.split(".") if place else ():
        if not isinstance(value, dict) or key not in value:
            known = value if isinstance(value, dict) else ()
            raise SourceError(f"{path.name}：没有 records = {place!r} 里的 {key!r}{did_you_mean(key, known)}")
        value = value[key]
    if not isinstance(value, list):
        lists = [k for k, v in value.items() if isinstance(v, list)] if isinstance(value, dict) else []
        hint = f"，可用 records = {lists[0]!r}" if lists else ""
        raise SourceError(f"{path.name}：应为对象的列表{hint}")
    return value
