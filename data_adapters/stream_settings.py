"""How a stream is followed: ``[sources.stream]``, for Redis Streams and for MQTT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data_adapters.duration import seconds

_Text = Annotated[str, Field(min_length=1, max_length=256)]

#: scheme -> (keys of this broker alone, the one that must be there)
_BROKERS = {
    "redis": ({"stream", "group", "consumer", "field", "start"}, "stream"),
    "mqtt": ({"topic", "client_id", "session"}, "topic"),
}
_FAMILY = {"redis": "redis", "rediss": "redis", "mqtt": "mqtt", "mqtts": "mqtt"}


class StreamSettings(BaseModel):
    """Redis: ``stream`` is the key, ``field`` the field of an entry that holds the JSON, ``start`` where a new
    group begins. MQTT: ``topic`` may be a list, ``session`` is how long the broker keeps what we miss, in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: _Text | None = None
    group: _Text = "yiping"
    consumer: _Text = "yiping"
    field: _Text | None = None
    start: Literal["first", "new"] = "first"
    topic: _Text | list[_Text] | None = None
    client_id: _Text | None = None
    session: Annotated[int, BeforeValidator(seconds), Field(ge=60, le=0xFFFF_FFFE)] = 7 * 86_400
    ca_file: Path | None = None

    @property
    def topics(self) -> list[str]:
        """The MQTT topic filters."""
        return [self.topic] if isinstance(self.topic, str) else list(self.topic or ())


def broker_of(url: str) -> str | None:
    """``redis`` or ``mqtt``, by the address's scheme; None for anything else."""
    return _FAMILY.get(urlsplit(url).scheme)


def check_stream(url: str | None, told: StreamSettings | None) -> None:
    """Raises `ValueError` where the address and the keys do not fit together."""
    broker = broker_of(url or "")
    if broker is None:
        raise ValueError('reader = "stream" 需要 url：redis://、rediss://、mqtt:// 或 mqtts:// 开头')
    _, needed = _BROKERS[broker]
    if told is None or getattr(told, needed) is None:
        raise ValueError(f"stream.{needed}：{broker} 需要写明")
    for other, (keys, _) in _BROKERS.items():
        if other != broker and (astray := sorted(keys & told.model_fields_set)):
            raise ValueError(f"stream.{astray[0]}：只用于 {other}://")
