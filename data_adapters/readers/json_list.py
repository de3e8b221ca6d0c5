"""A list of objects in a JSON file, the whole file or under a key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_adapters.readers.encoding import encoding_of
from data_adapters.readers.json_text import MAX_MB, RepeatedKeys, read_json_text
from data_adapters.readers.reader import CHUNK_ROWS, Chunk, SourceError, require_columns
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings
from data_adapters.suggestion import did_you_mean


def read_json_list(path: Path, source: SourceSettings, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of the objects of a list, counted from 1. ``NaN`` and the like are no JSON and end the read."""
    if path.stat().st_size > MAX_MB * 1024 * 1024:
        raise SourceError(f"{path.name}：超过 {MAX_MB} MB，应改用 CSV 或 Parquet", "too_large")
    content = path.read_bytes().decode(encoding_of(path, source.encoding))
    items = list_in(read_json_text(content, path.name), source.records, path.name)
    for chunk in object_chunks(items, path.name, wanted):
        chunk.total = len(items)
        yield chunk


def object_chunks(
    items: Sequence[Any], where: str, wanted: Collection[str], first: int = 1, check: bool = True
) -> Iterator[Chunk]:
    """Chunks of objects, counted from `first`. ``check``: every wanted column must be in one of them at least."""
    known: dict[str, None] = {}
    for item in items if check else ():
        if isinstance(item, dict):
            known.update(dict.fromkeys([*item, *(name for name in wanted if _inside(item, name))]))
    if known:
        require_columns(wanted, known, where)
    for start in range(0, len(items), CHUNK_ROWS):
        rows, numbers = list[dict[str, Any]](), list[int]()
        chunk = Chunk(rows, numbers)
        for number, item in enumerate(items[start : start + CHUNK_ROWS], start=start + first):
            if isinstance(item, RepeatedKeys):
                reason = f"同一对象里有重复的键 {item.key[:40]!r}，不知道以哪个为准"
                chunk.broken.append((number, Fault("*", "repeated_key", reason)))
            elif isinstance(item, dict):
                rows.append({name: value_at(item, name) for name in wanted})
                numbers.append(number)
            else:
                chunk.broken.append((number, Fault("*", "type", f"应为对象，收到 {type(item).__name__}")))
        yield chunk


def value_at(item: Mapping[str, Any], column: str) -> Any:
    """The value of a column; one that the item has not by name may lie inside, at ``a.b``. None where it is not."""
    if column in item or "." not in column:
        return item.get(column)
    value: Any = item
    for key in column.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _inside(item: Mapping[str, Any], column: str) -> bool:
    first, dot, _ = column.partition(".")
    return bool(dot) and first in item


def list_in(value: Any, place: str | None, where: str) -> list[Any]:
    """The list at ``place`` of a JSON value, the value itself for None. Raises `SourceError`."""
    for key in place.split(".") if place else ():
        if not isinstance(value, dict) or key not in value:
            known = value if isinstance(value, dict) else ()
            raise SourceError(
                f"{where}：没有 records = {place!r} 里的 {key!r}{did_you_mean(key, known)}", "records"
            )
        value = value[key]
    if not isinstance(value, list):
        lists = [k for k, v in value.items() if isinstance(v, list)] if isinstance(value, dict) else []
        hint = f"，可用 records = {lists[0]!r}" if lists else ""
        raise SourceError(f"{where}：应为对象的列表{hint}", "records")
    return value
