"""MQTT 5: a session that outlives us, QoS 1, and each message acknowledged by hand once it is stored."""

from __future__ import annotations

import hashlib
import ssl
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from data_adapters.readers.message import Message
from data_adapters.readers.reader import SourceError
from data_adapters.readers.stream import BATCH, BATCH_BYTES, Place
from data_adapters.readers.web import shown
from data_adapters.settings import SourceSettings
from data_adapters.stream_settings import StreamSettings

_TIMEOUT_S = 10.0
_KEEPALIVE_S = 30
_NO_TOPIC = "yiping/no/topic"
_LOOK_S = 2.0
_MOMENT_S = 0.3
_LOOKED = "MQTT 不留旧消息：只查了连接、登录和订阅的权限，以及主题上保留（retained）的消息"
#: Retained messages only when the subscription is new, so that coming back repeats nothing.
_SUBSCRIBED = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)


class MqttInflow:
    """One connection that goes on with the session of its client id."""

    def __init__(self, source: SourceSettings, place: Place, looking: bool = False) -> None:
        self._told = source.stream or StreamSettings()
        self._where = shown(source.url or "")
        self._arrived: deque[tuple[paho.MQTTMessage, Message]] = deque()
        self._bytes = 0
        self._packets: dict[str, int] = {}
        self._why = ""
        self._code = "unreachable"
        self._up = False
        self._to_confirm: set[int] = set()
        self.place = place
        client_id = self._told.client_id or f"yiping-{source.name}"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"yiping-check-{uuid.uuid4().hex[:12]}" if looking else client_id,
            protocol=paho.MQTTv5,
            manual_ack=True,
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_unsubscribe = self._on_unsubscribe
        self._client.on_message = self._on_message
        try:
            self._open(_address(source.url or ""), looking)
            self._subscribe()
        except BaseException:
            self.close()
            raise

    def take(self, limit: int, wait_s: float) -> list[Message]:
        """Messages as they arrive. Nothing more is read from the line while there is enough in memory."""
        end = time.monotonic() + wait_s
        while not self._arrived and (left := end - time.monotonic()) >= 0:
            self._turn(left)
            if wait_s == 0:
                break
        before = -1
        while before < len(self._arrived) < limit and self._bytes < BATCH_BYTES:
            before = len(self._arrived)
            self._turn(0)
        taken: list[Message] = []
        while self._arrived and len(taken) < limit:
            packet, message = self._arrived.popleft()
            self._bytes -= message.size
            if packet.qos:
                self._packets[message.key] = packet.mid
            taken.append(message)
        return taken

    def stored(self, messages: Sequence[Message]) -> Place:
        """The place once these messages are stored."""
        after = self.place.after(messages)
        after.topics = self._told.topics
        return after

    def settle(self, messages: Sequence[Message]) -> None:
        """PUBACK, in the order of arrival, and wait until the broker has read them.

        Nothing answers a PUBACK, and those that a dying connection swallows come again, how many nobody knows (some
        brokers send far beyond our Receive Maximum). So we ask something that is answered, and go on after that.
        """
        for message in messages:
            packet = self._packets.pop(message.key, None)
            if packet is not None and self._client.ack(packet, 1) != paho.MQTT_ERR_SUCCESS:
                raise self._lost()
        if messages:
            self._confirmed(self._client.unsubscribe(_NO_TOPIC)[1], "没有应答")

    def dry(self) -> bool:
        """What the broker had for us it has sent before it answers, and a moment later at the latest."""
        self._confirmed(self._client.unsubscribe(_NO_TOPIC)[1], "没有应答")
        self._turn(_MOMENT_S)
        return not self._arrived

    def lag(self) -> int | None:
        """MQTT does not tell."""
        return None

    def close(self) -> None:
        """Leave; the session stays."""
        with suppress(OSError, ValueError):
            self._client.disconnect()
            self._client.loop(0)

    def _open(self, address: SplitResult, looking: bool) -> None:
        secure = address.scheme == "mqtts"
        if secure:
            ca = str(self._told.ca_file) if self._told.ca_file is not None else None
            try:
                self._client.tls_set_context(ssl.create_default_context(cafile=ca))
            except (OSError, ssl.SSLError) as error:
                raise SourceError(f"{self._where}：ca_file 无法使用（{error}）", "login") from None
        if address.username is not None:
            password = unquote(address.password) if address.password is not None else None
            self._client.username_pw_set(unquote(address.username), password)
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wanted.SessionExpiryInterval = 0 if looking else self._told.session
        wanted.ReceiveMaximum = BATCH
        self._client.connect_timeout = _TIMEOUT_S
        port = address.port or (8883 if secure else 1883)
        try:
            self._client.connect(
                address.hostname or "", port, _KEEPALIVE_S, clean_start=looking, properties=wanted
            )
        except (OSError, ValueError) as error:
            raise SourceError(f"{self._where}：连不上（{error}）", "unreachable") from None
        self._until(lambda: self._up, "没有应答")

    def _subscribe(self) -> None:
        topics = self._told.topics
        if gone := [topic for topic in self.place.topics if topic not in topics]:
            self._confirmed(self._client.unsubscribe(gone)[1], "没有应答")
        try:
            _, number = self._client.subscribe([(topic, _SUBSCRIBED) for topic in topics])
        except ValueError:
            raise SourceError(f"{self._where}：topic {topics} 不是主题", "topic") from None
        self._confirmed(number, "没有确认订阅")

    def _confirmed(self, number: int | None, otherwise: str) -> None:
        if number is None:
            raise self._lost()
        self._to_confirm.add(number)
        self._until(lambda: not self._to_confirm, otherwise)

    def _until(self, done: Any, otherwise: str) -> None:
        end = time.monotonic() + _TIMEOUT_S
        while not done():
            if time.monotonic() > end:
                raise SourceError(f"{self._where}：{_TIMEOUT_S:.0f} 秒{otherwise}", "unreachable")
            self._turn(0.2)

    def _turn(self, wait_s: float) -> None:
        if self._client.loop(wait_s) != paho.MQTT_ERR_SUCCESS or self._why:
            raise self._lost()

    def _lost(self) -> SourceError:
        return SourceError(f"{self._where}：{self._why or '连接断了'}", self._code)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._code = "login"
            self._why = f"登录被拒绝，请检查 url 里的用户和密码（{reason}）"
        else:
            self._up = True

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if not self._why:
            taken = reason.value == 0x8E
            self._why = "另一个程序用同一个 client_id 接走了这个流" if taken else f"连不上或断了（{reason}）"

    def _on_subscribe(self, _client: Any, _data: Any, number: int, reasons: Any, _more: Any) -> None:
        self._to_confirm.discard(number)
        for topic, reason in zip(self._told.topics, reasons, strict=False):
            if reason.is_failure:
                self._code, self._why = "login", f"不许订阅 {topic}（{reason}），请检查 topic 和权限"

    def _on_unsubscribe(self, _client: Any, _data: Any, number: int, _reasons: Any, _more: Any) -> None:
        self._to_confirm.discard(number)

    def _on_message(self, _client: Any, _data: Any, packet: paho.MQTTMessage) -> None:
        topic, payload = packet.topic, bytes(packet.payload)
        digest = hashlib.blake2b(topic.encode() + b"\0" + payload, digest_size=5).hexdigest()
        # A message that comes again has its packet's number again, so the same words said twice are two messages.
        key, name = f"{packet.mid}:{digest}", f"{topic[:50]} #{digest}"
        message = Message(key, name, payload, packet.dup, datetime.now(UTC))
        self._bytes += message.size
        self._arrived.append((packet, message))


def look(source: SourceSettings) -> Iterator[tuple[list[Message], str | None]]:
    """What is retained at the topics, seen by another client: the session of the source is not touched."""
    inflow = MqttInflow(source, Place(None), looking=True)
    try:
        yield inflow.take(BATCH, _LOOK_S), _LOOKED
    finally:
        inflow.close()


def _address(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        if address.hostname and address.port != 0:
            return address
    except ValueError:
        pass
    raise SourceError(f"{shown(url)}：应为 mqtt://用户:密码@主机:端口", "url")
