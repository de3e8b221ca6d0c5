"""Streams of a message broker: followed, not read. What was taken is settled only after it is stored."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from data_adapters.readers.message import Message, chunk_of
from data_adapters.readers.reader import Chunk
from data_adapters.settings import SourceSettings
from data_adapters.stream_settings import broker_of

#: Messages in one transaction, at most, and unsettled at the broker.
BATCH = 500
#: Of all messages in memory; what more there is waits at the broker.
BATCH_BYTES = 16 * 1024 * 1024


class Place:
    """How far a stream was stored: the last message, and the keys of those the broker may deliver once more.

    It is written in the transaction that stores them, so a message that comes again is known for sure.
    """

    def __init__(self, text: str | None) -> None:
        told: dict[str, object] = {}
        with suppress(ValueError):
            told = json.loads(text or "{}")
        self.last = str(told.get("last", ""))
        self.topics = [str(topic) for topic in _list(told.get("topics"))]
        self._keys = deque((str(key) for key in _list(told.get("keys"))), maxlen=BATCH)

    def fresh(self, messages: Sequence[Message]) -> list[Message]:
        """Those that are not stored yet."""
        stored = set(self._keys)
        return [message for message in messages if not (message.again and message.key in stored)]

    def after(self, messages: Sequence[Message]) -> Place:
        """The place once these are stored."""
        made = Place(str(self))
        made._keys.extend(message.key for message in messages)
        return made

    def __str__(self) -> str:
        told = {"last": self.last, "topics": self.topics, "keys": list(self._keys)}
        return json.dumps({name: value for name, value in told.items() if value}, separators=(",", ":"))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


class Inflow(Protocol):
    """One connection to a broker. Everything but `close` raises `SourceError` where the broker fails."""

    place: Place

    def take(self, limit: int, wait_s: float) -> list[Message]:
        """Up to `limit` messages in order; none where nothing came within `wait_s` seconds."""
        ...

    def stored(self, messages: Sequence[Message]) -> Place:
        """The place once these messages are stored, to be stored with them."""
        ...

    def settle(self, messages: Sequence[Message]) -> None:
        """Tell the broker that these are stored: it never delivers them again."""
        ...

    def dry(self) -> bool:
        """Whether the broker has nothing more for us now."""
        ...

    def lag(self) -> int | None:
        """How many messages wait at the broker; None where it does not tell."""
        ...

    def close(self) -> None:
        """Leave. What was taken and not settled comes again."""
        ...


class StreamReader:
    """Redis Streams and MQTT 5. `read` only looks; to take messages see `data_adapters.follow`."""

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """What the broker shows without giving it away. Raises `SourceError`."""
        if broker_of(source.url or "") == "redis":
            from data_adapters.readers import redis_stream  # noqa: PLC0415  the library is heavy

            looked = redis_stream.look(source)
        else:
            from data_adapters.readers import mqtt  # noqa: PLC0415

            looked = mqtt.look(source)
        for number, (messages, note) in enumerate(looked):
            chunk = chunk_of(messages, source, wanted, check=number == 0)
            chunk.note = note
            yield chunk


def connect(source: SourceSettings, place: Place) -> Inflow:
    """The stream of a source, from `place` on. Raises `SourceError`."""
    if broker_of(source.url or "") == "redis":
        from data_adapters.readers.redis_stream import RedisInflow  # noqa: PLC0415

        return RedisInflow(source, place)
    from data_adapters.readers.mqtt import MqttInflow  # noqa: PLC0415

    return MqttInflow(source, place)
