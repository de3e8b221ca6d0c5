"""Redis Streams with a consumer group: ours stay pending until settled, what others left behind is taken up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from data_adapters.readers.message import Message
from data_adapters.readers.reader import SourceError
from data_adapters.readers.stream import Place
from data_adapters.readers.web import shown
from data_adapters.settings import SourceSettings
from data_adapters.stream_settings import StreamSettings

_TIMEOUT_S = 10.0
#: Entries asked for at once: what a broker sends at a time stays small even where entries are large.
_ASKED = 100
_LOOKED_AT = 10_000
#: What another consumer holds for so long it will not store any more; we look as often.
_IDLE_S = 60.0
_GONE = ("NOGROUP", "UNBLOCKED")


class RedisInflow:
    """One stream and our place in its group. The group is made where it is missing, also after a FLUSHALL."""

    def __init__(self, source: SourceSettings, place: Place) -> None:
        self.place = place
        self._told = _told(source)
        self._name = self._told.stream or ""
        self._where = f"{shown(source.url or '')} {self._name}"
        # Retries inside the library would lose sight of entries that are pending with us since.
        self._redis = _client(source)
        self._own: str | None = "0"  # where we are in what is pending with us; None: past it
        self._claimed_at = 0.0
        try:
            if not self._grouped():
                self._make_group()
        except redis.RedisError as error:
            self.close()
            raise _told_plainly(error, self._where) from None

    def take(self, limit: int, wait_s: float) -> list[Message]:
        """What is pending with us, then what others left behind, then what is new."""
        try:
            return self._taken(min(limit, _ASKED), wait_s)
        except redis.ResponseError as error:
            if not str(error).startswith(_GONE):
                raise _told_plainly(error, self._where) from None
        except redis.RedisError as error:
            raise _told_plainly(error, self._where) from None
        try:
            self._make_group()
        except redis.RedisError as error:
            raise _told_plainly(error, self._where) from None
        return []

    def stored(self, messages: Sequence[Message]) -> Place:
        """The place once these entries are stored."""
        after = self.place.after(messages)
        after.last = max([after.last, *(message.key for message in messages)], key=_order)
        return after

    def settle(self, messages: Sequence[Message]) -> None:
        """XACK."""
        if not messages:
            return
        try:
            self._redis.xack(self._name, self._told.group, *(message.key for message in messages))
        except redis.RedisError as error:
            raise _told_plainly(error, self._where) from None

    def dry(self) -> bool:
        """An empty answer says so already."""
        return True

    def lag(self) -> int | None:
        """Entries nobody of the group has taken, and those that are pending; Redis counts them since version 7."""
        try:
            for group in self._redis.xinfo_groups(self._name):
                if _text(group["name"]) == self._told.group:
                    waiting = group.get("lag")
                    return None if waiting is None else int(waiting) + int(group["pending"])
        except redis.RedisError:
            return None
        return None

    def close(self) -> None:
        """Give back the connection."""
        self._redis.close()

    def _taken(self, limit: int, wait_s: float) -> list[Message]:
        if self._own is not None:
            pending = self._read(self._own, limit, None)
            self._own = pending[-1][0] if pending else None
            if pending:
                return [_message(self._told, entry, again=True) for entry in pending]
        if time.monotonic() - self._claimed_at >= _IDLE_S:
            found = self._redis.xautoclaim(
                self._name, self._told.group, self._told.consumer, int(_IDLE_S * 1000), count=limit
            )
            left: list[Any] = found[1]
            if left:
                return [_message(self._told, (_text(key), got), again=True) for key, got in left]
            self._claimed_at = time.monotonic()
        fresh = self._read(">", limit, round(wait_s * 1000) or None)
        return [_message(self._told, entry) for entry in fresh]

    def _read(self, after: str, limit: int, wait_ms: int | None) -> list[tuple[str, Any]]:
        told = self._told
        answer = self._redis.xreadgroup(
            told.group, told.consumer, {self._name: after}, count=limit, block=wait_ms
        )
        return [(_text(key), fields) for _, entries in _streams(answer) for key, fields in entries]

    def _grouped(self) -> bool:
        try:
            groups = self._redis.xinfo_groups(self._name)
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return False
            raise
        return any(_text(group["name"]) == self._told.group for group in groups)

    def _make_group(self) -> None:
        """Begin where we had stored last. A stream that is behind that was emptied and begins anew."""
        start = "$" if self._told.start == "new" and not self.place.last else "0"
        if self.place.last and _order(self._furthest()) >= _order(self.place.last):
            start = self.place.last
        self._own = "0"
        try:
            self._redis.xgroup_create(self._name, self._told.group, start, mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _furthest(self) -> str:
        try:
            return _text(self._redis.xinfo_stream(self._name)["last-generated-id"])
        except redis.ResponseError:
            return "0-0"


def look(source: SourceSettings) -> Iterator[tuple[list[Message], str | None]]:
    """The newest entries, newest first, without the group: nothing is taken."""
    told = _told(source)
    name, where = told.stream or "", f"{shown(source.url or '')} {told.stream}"
    client = _client(source)
    before, seen = "+", 0
    try:
        if not client.exists(name):
            raise SourceError(f"{where}：没有这个流，请检查 stream.stream 和库号", "missing_stream")
        while seen < _LOOKED_AT:
            entries: Any = client.xrevrange(name, before, "-", count=_ASKED)
            note = f"只看最新的 {_LOOKED_AT} 条，没有取走" if seen + len(entries) >= _LOOKED_AT else None
            if entries:
                yield [_message(told, (_text(key), fields)) for key, fields in entries], note
            if len(entries) < _ASKED:
                return
            before, seen = f"({_text(entries[-1][0])}", seen + len(entries)
    except redis.RedisError as error:
        raise _told_plainly(error, where) from None
    finally:
        client.close()


def _told(source: SourceSettings) -> StreamSettings:
    return source.stream or StreamSettings()


def _client(source: SourceSettings) -> redis.Redis:
    told = _told(source)
    options: dict[str, Any] = {}
    if told.ca_file is not None:
        options["ssl_ca_certs"] = str(told.ca_file)
    try:
        return redis.Redis.from_url(
            source.url or "",
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            client_name="yiping",
            **options,
        )
    except (ValueError, TypeError):
        raise SourceError(
            f"{shown(source.url or '')}：应为 redis://用户:密码@主机:端口/库号", "url"
        ) from None


def _message(told: StreamSettings, entry: tuple[str, Any], again: bool = False) -> Message:
    key, fields = entry
    at = datetime.fromtimestamp(_order(key)[0] / 1000, UTC) if _order(key)[0] < 1 << 42 else None
    return Message(key, key, _payload(told, fields), again, at)


def _payload(told: StreamSettings, fields: Any) -> bytes | dict[str, Any] | None:
    """JSON where one field holds it, else the fields themselves."""
    if not fields:  # an entry has a field at least; this one was trimmed
        return None
    if told.field is not None:
        found: bytes = fields.get(told.field.encode(), b"")
        return found
    if len(fields) == 1:
        return bytes(next(iter(fields.values())))
    return {_text(name): _text(value) for name, value in fields.items()}


def _streams(answer: Any) -> Iterator[tuple[Any, Any]]:
    """(name, entries): a list of pairs in RESP2, a table of lists in RESP3."""
    if isinstance(answer, dict):
        for name, entries in answer.items():
            yield name, [entry for part in entries for entry in part]
    else:
        yield from answer or ()


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _order(key: str) -> tuple[int, int]:
    """An entry's id as a pair that sorts as the ids do."""
    first, _, second = key.partition("-")
    return (int(first) if first.isdigit() else 0, int(second) if second.isdigit() else 0)


def _told_plainly(error: redis.RedisError, where: str) -> SourceError:
    told = " ".join(str(error).split())[:160]
    if isinstance(error, redis.AuthenticationError) or told.startswith(("NOAUTH", "WRONGPASS", "NOPERM")):
        return SourceError(f"{where}：登录被拒绝，请检查 url 里的用户和密码（{told}）", "login")
    if told.startswith("WRONGTYPE"):
        return SourceError(f"{where}：这个键不是流，请检查 stream.stream", "missing_stream")
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return SourceError(f"{where}：连不上或断了（{told}）", "unreachable")
    return SourceError(f"{where}：{told}", "broker")
