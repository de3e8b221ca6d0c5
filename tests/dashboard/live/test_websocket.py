"""WebSocket frames against the library that everybody else uses."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Message, Ping, TextMessage

from dashboard.live import websocket
from dashboard.live.websocket import FrameError, Reader

MOST = 70_000


def read(data: bytes, cuts: list[int], most: int = MOST) -> list[tuple[int, bytes]]:
    """Every message of `data`, which arrives cut in pieces."""
    reader, found = Reader(most), []
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(places):
        reader.feed(data[start:end])
        while (message := reader.next()) is not None:
            found.append(message)
    return found


_BODY = st.binary(max_size=300) | st.binary(min_size=126, max_size=126) | st.just(b"x" * 66_000)


@given(st.lists(st.tuples(_BODY, st.booleans()), max_size=5), st.lists(st.integers(0, 10**6), max_size=12))
def test_what_a_client_sends_in_any_pieces_is_what_is_read(
    bodies: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    client = Connection(ConnectionType.CLIENT)
    data, wanted = b"", []
    for body, in_parts in bodies:
        if in_parts:
            data += client.send(Message(body[: len(body) // 2], message_finished=False))
            data += client.send(Ping(b"between"))
            data += client.send(Message(body[len(body) // 2 :]))
            wanted += [(websocket.PING, b"between")]
        else:
            data += client.send(Message(body))
        wanted.append((websocket.BINARY, body))
    assert read(data, cuts) == wanted


@given(_BODY, st.booleans())
def test_what_is_written_is_what_a_client_reads(body: bytes, as_text: bool) -> None:
    client = Connection(ConnectionType.CLIENT)
    text = "屏" * (len(body) // 3) if as_text else None
    opcode = websocket.BINARY if text is None else websocket.TEXT
    client.receive_data(websocket.frame(body if text is None else text.encode(), opcode))
    told = list(client.events())
    assert all(isinstance(event, BytesMessage | TextMessage) for event in told)
    assert (b"" if text is None else "").join(event.data for event in told) == (
        body if text is None else text
    )  # type: ignore[attr-defined]


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_rubbish_is_refused_or_waited_for_and_never_more_than_allowed(data: bytes, cuts: list[int]) -> None:
    with suppress(FrameError):
        assert all(len(payload) <= 200 for _, payload in read(data, cuts, 200))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x05hello", websocket.PROTOCOL_ERROR),  # not masked
        (b"\xc1\x80\0\0\0\0", websocket.PROTOCOL_ERROR),  # an extension that nobody agreed on
        (b"\x83\x80\0\0\0\0", websocket.PROTOCOL_ERROR),  # no such opcode
        (b"\x80\x80\0\0\0\0", websocket.PROTOCOL_ERROR),  # goes on with nothing
        (
            b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0",
            websocket.PROTOCOL_ERROR,
        ),  # a second one begins inside the first
        (b"\x09\x80\0\0\0\0", websocket.PROTOCOL_ERROR),  # a ping in parts
        (b"\x89\xfe\x01\x00\0\0\0\0", websocket.PROTOCOL_ERROR),  # a long ping
        (b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0", websocket.TOO_BIG),
        (b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 300, websocket.TOO_BIG),  # empty parts without end
    ],
)
def test_what_is_no_websocket_is_named(data: bytes, code: int) -> None:
    with pytest.raises(FrameError) as refused:
        read(data, [], 200)
    assert refused.value.code == code


def test_the_answer_to_a_key_is_the_one_of_the_standard() -> None:
    assert websocket.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@given(
    st.lists(st.tuples(st.text(max_size=40), st.booleans()), max_size=6),
    st.lists(st.integers(0, 10**6), max_size=8),
    st.binary(max_size=12),
)
def test_short_texts_are_read_at_once_just_as_they_are_piece_by_piece(
    texts: list[tuple[str, bool]], cuts: list[int], noise: bytes
) -> None:
    client, arrivals = Connection(ConnectionType.CLIENT), []
    for text, alone in texts:
        data = client.send(Message(text)) if alone else client.send(Message(text[:1], message_finished=False))
        arrivals.append(data if alone else data + client.send(Message(text[1:])))
    whole = b"".join(arrivals) + noise
    places = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    pieces = [*arrivals, noise] if not cuts else [whole[start:end] for start, end in pairwise(places)]
    plain, quick, found, wanted = Reader(MOST), Reader(MOST), [], []
    with suppress(FrameError):
        for piece in pieces:
            plain.feed(piece)
            while (message := plain.next()) is not None:
                wanted.append(message)
    with suppress(FrameError):
        for piece in pieces:
            if (at_once := quick.whole(piece)) is not None:
                found.append((websocket.TEXT, at_once))
                continue
            quick.feed(piece)
            while (message := quick.next()) is not None:
                found.append(message)
    assert found == wanted
