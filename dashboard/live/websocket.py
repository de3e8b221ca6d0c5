"""WebSocket frames (RFC 6455) as a server reads and writes them. Pure: bytes in, messages out.

The library does the same for any client and any extension, at some 60 µs a message; a feed that sends one frame to
hundreds of walls and hears one ack of each needs little of it, and needs that quickly.
"""

from __future__ import annotations

import base64
import hashlib

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUED = 0x0
_END, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOL_ERROR, TOO_BIG = 1002, 1009


class FrameError(Exception):
    """What arrived is no websocket; ``code`` is the reason a close frame gives."""

    def __init__(self, code: int) -> None:
        super().__init__(f"websocket {code}")
        self.code = code


def accept(key: str) -> str:
    """The answer to a client's ``Sec-WebSocket-Key``."""
    return base64.b64encode(hashlib.sha1(key.encode() + _KEY, usedforsecurity=False).digest()).decode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole message from a server, unmasked."""
    size = len(payload)
    if size < 126:
        return bytes((_END | opcode, size)) + payload
    if size < 65_536:
        return bytes((_END | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_END | opcode, 127)) + size.to_bytes(8, "big") + payload


class Reader:
    """Puts messages together from what arrives in any pieces. No message is longer than ``most`` bytes."""

    __slots__ = ("_data", "_most", "_opcode", "_parts")

    def __init__(self, most: int) -> None:
        self._most = most
        self._data = b""
        self._parts: list[bytes] = []
        self._opcode = 0

    def whole(self, data: bytes) -> bytes | None:
        """The payload where what arrived is one short text and nothing else: what nearly all arrivals are, and quickly
        read. None where it is anything else, which goes to `feed`."""
        size = len(data) - 6
        plain = 0 <= size < 126 and data[0] == _END | TEXT and data[1] == _MASKED | size
        return _unmask(data[6:], data[2:6]) if plain and not self._data and not self._opcode else None

    def feed(self, data: bytes) -> None:
        """What arrived."""
        self._data = self._data + data if self._data else data

    def next(self) -> tuple[int, bytes] | None:
        """(opcode, payload) of the next whole message; None where more has to arrive. Raises `FrameError`."""
        while (found := self._frame()) is not None:
            end, opcode, payload = found
            if opcode >= CLOSE:
                return opcode, payload
            if (opcode == _CONTINUED) != bool(self._opcode):
                raise FrameError(PROTOCOL_ERROR)
            if end and not self._opcode:
                return opcode, payload
            self._opcode = self._opcode or opcode
            self._parts.append(payload)
            # Empty pieces count, or their number would have no bound.
            if sum(map(len, self._parts)) + len(self._parts) > self._most:
                raise FrameError(TOO_BIG)
            if end:
                whole = self._opcode, b"".join(self._parts)
                self._opcode, self._parts = 0, []
                return whole
        return None

    def _frame(self) -> tuple[bool, int, bytes] | None:
        data = self._data
        if len(data) < 6:
            return None
        first, size = data[0], data[1] & 0x7F
        opcode = first & 0x0F
        known = opcode in (_CONTINUED, TEXT, BINARY, CLOSE, PING, PONG)
        short = opcode < CLOSE or (size < 126 and first & _END)
        if first & _RESERVED or not data[1] & _MASKED or not known or not short:
            raise FrameError(PROTOCOL_ERROR)
        start = 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            if len(data) < 10:
                return None
            size, start = int.from_bytes(data[2:10], "big"), 10
        if size > self._most:
            raise FrameError(TOO_BIG)
        end = start + 4 + size
        if len(data) < end:
            return None
        self._data = data[end:]
        return bool(first & _END), opcode, _unmask(data[start + 4 : end], data[start : start + 4])


def _unmask(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
