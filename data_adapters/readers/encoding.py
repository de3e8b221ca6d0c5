"""Which encoding a text file is in: its mark, else strictly UTF-8, else strictly GB18030, else an error."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from data_adapters.readers.reader import SourceError

_BLOCK = 1 << 20
_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|script|meta)\b", re.I | re.S
)
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path, declared: str = "auto", start: int = 0) -> str:
    """The Python name of the encoding of a file from byte `start` on.

    The whole file is decoded once, in blocks. Raises `SourceError` with the offset of the first byte that does not fit.
    """
    with path.open("rb") as file:
        if declared != "auto":
            return _declared(file, path, declared, start)
        head = file.read(4)
        for mark, name in _MARKS:
            if start == 0 and head.startswith(mark):
                return _declared(file, path, name, start)
        if start == 0 and b"\x00" in head:
            raise SourceError(
                f"{path.name}：像是没有 BOM 的 UTF-16，请用 encoding 写明 utf-16-le 或 utf-16-be", "encoding"
            )
        utf_8 = _first_misfit(file, "utf-8", start)
        if utf_8 is None:
            return "utf-8"
        gb18030 = _first_misfit(file, "gb18030", start)
        if gb18030 is None:
            file.seek(start)
            if _rather_big5(file.read(_BLOCK)):
                raise SourceError(
                    f"{path.name}：像是 Big5 而不是 GB18030，请用 encoding 写明 big5 或 gb18030", "encoding"
                )
            return "gb18030"
    raise SourceError(
        f"{path.name}：既不是 UTF-8（第 {utf_8} 字节）也不是 GB18030（第 {gb18030} 字节），请用 encoding 写明",
        "encoding",
    )


def decoded(encoding: str, declared: str) -> str | None:
    """What people should know of how a text was decoded; nothing where it is UTF-8."""
    if encoding in {"utf-8", "utf-8-sig"}:
        return None
    return f"文字按 {encoding.upper()} 解码（{'自动识别' if declared == 'auto' else '按 encoding 所写'}）"


def is_web_page(head: bytes) -> bool:
    """Whether content begins like an HTML page: what an expired login answers with, under status 200."""
    return _PAGE.match(head) is not None


def _rather_big5(sample: bytes) -> bool:
    """Whether bytes that could be GB18030 read far more like Big5: half of whose characters are rare in GB18030."""
    try:
        codecs.getincrementaldecoder("big5")().decode(sample)
    except UnicodeDecodeError:
        return False
    pairs: list[bytes] = _PAIR.findall(sample)
    rare = sum(pair[1] < 0xA1 for pair in pairs)
    usual = sum(0xA4 <= pair[0] <= 0xC6 for pair in pairs)
    return len(pairs) > 0 and rare > 0.2 * len(pairs) and usual > 0.9 * len(pairs)


def _declared(file: BinaryIO, path: Path, declared: str, start: int) -> str:
    try:
        "".encode(declared)  # a codec may be known and yet be none of text
        name = codecs.lookup(declared).name
    except LookupError:
        raise SourceError(
            f"{path.name}：未知编码 {declared!r}，应为 UTF-8、GB18030、Big5 等", "encoding"
        ) from None
    misfit = _first_misfit(file, name, start)
    if misfit is not None:
        raise SourceError(f"{path.name}：第 {misfit} 字节不是 {declared}，请检查 encoding", "encoding")
    # A mark is no part of the first column's name.
    return "utf-8-sig" if name == "utf-8" else name


def _first_misfit(file: BinaryIO, encoding: str, start: int) -> int | None:
    """The offset of the first byte that is not `encoding`, None where all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(start)
    at = start
    while True:
        block = file.read(_BLOCK)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return at - pending + error.start
        if not block:
            return None
        at += len(block)
