"""A message of a broker as rows: JSON read with the same suspicion as a request, one record or a list of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_adapters.kinds import KINDS
from data_adapters.readers.json_list import list_in, value_at
from data_adapters.readers.json_text import RepeatedKeys, read_json_text
from data_adapters.readers.reader import Chunk, SourceError, require_columns
from data_adapters.records.field import shorten
from data_adapters.records.record import Fault
from data_adapters.settings import SourceSettings

MAX_BYTES = 8 * 1024 * 1024  # as in a request
MAX_RECORDS = 1_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``key`` knows it again when it is delivered again, ``name`` is how people find it.

    ``payload`` is JSON text, or the record itself where the broker has fields; None where the broker has lost it.
    ``again``: the broker says that it may have delivered it before.
    """

    key: str
    name: str
    payload: bytes | Mapping[str, Any] | None
    again: bool = False
    at: datetime | None = None

    @property
    def size(self) -> int:
        """Bytes it takes, about."""
        if isinstance(self.payload, bytes):
            return len(self.payload)
        return sum(len(str(value)) for value in (self.payload or {}).values())


def chunk_of(
    messages: Iterable[Message], source: SourceSettings, wanted: Collection[str], check: bool = False
) -> Chunk:
    """The rows of some messages. What is no row is among the broken, with its reason: it stops nothing.

    ``check``: every wanted column must be in one of them at least, else `SourceError`.
    """
    rule = source.fields.get(KINDS[source.kind].identity)
    identity = rule.column if rule is not None else None
    rows, names, known = list[dict[str, Any]](), list[str](), dict[str, None]()
    chunk = Chunk(rows, None)
    for message in messages:
        for name, item in _items(message, source.records):
            if isinstance(item, Fault):
                chunk.broken.append((name, item))
                continue
            known.update(dict.fromkeys([*item, *(column for column in wanted if "." in column)]))
            row = {column: value_at(item, column) for column in wanted}
            told = row.get(identity) if identity is not None else None
            names.append(shorten(told) if isinstance(told, str | int) else name)
            rows.append(row)
    if check and known:
        require_columns(wanted, known, source.name)
    chunk.numbers = names
    return chunk


def _items(message: Message, records: str | None) -> Iterator[tuple[str, Mapping[str, Any] | Fault]]:
    """(name, record or why it is none) for what a message holds."""
    try:
        found = _records(message, records)
    except SourceError as error:
        yield message.name, Fault("*", error.code, str(error))
        return
    for number, item in enumerate(found, 1):
        name = message.name if len(found) == 1 else f"{message.name}[{number}]"
        if (twice := _repeated(item)) is not None:
            reason = f"同一对象里有重复的键 {twice.key[:40]!r}，不知道以哪个为准"
            yield name, Fault("*", "repeated_key", reason)
        elif isinstance(item, Mapping):
            yield name, item
        else:
            yield name, Fault("*", "type", f"应为对象，收到 {type(item).__name__}")


def _repeated(item: Any) -> RepeatedKeys | None:
    inside = item.values() if isinstance(item, Mapping) else ()
    return next((value for value in (item, *inside) if isinstance(value, RepeatedKeys)), None)


def _records(message: Message, records: str | None) -> list[Any]:
    payload, where = message.payload, "消息"
    if payload is None:
        raise SourceError("消息在读到之前已被上游裁掉，内容没有了", "trimmed")
    if message.size > MAX_BYTES:
        raise SourceError(f"消息有 {message.size} 字节，超过 {MAX_BYTES >> 20} MB", "too_large")
    value: Any = payload
    if isinstance(payload, bytes):
        try:
            text = payload.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"消息不是 UTF-8：第 {error.start} 字节起无法解码", "encoding") from None
        value = read_json_text(text, where)
    if records is not None or isinstance(value, list):
        value = list_in(value, records, where)
        if len(value) > MAX_RECORDS:
            raise SourceError(f"一条消息有 {len(value)} 条记录，至多 {MAX_RECORDS} 条", "too_many")
        return list(value)
    return [value]
