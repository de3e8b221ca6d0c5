"""Which encoding a text file is in: its mark, else strictly UTF-8, else strictly GB18030, else an error."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from data_adapters.readers.reader import SourceError

_BLOCK = 1 << 20
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
        utf_8 = _first_misfit(file, "utf-8", start)
        if utf_8 is None:
            return "utf-8"
        gb18030 = _first_misfit(file, "gb18030", start)
        if gb18030 is None:
            return "gb18030"
    raise SourceError(
        f"{path.name}：既不是 UTF-8（第 {utf_8} 字节）也不是 GB18030（第 {gb18030} 字节），请用 encoding 写明"
    )


def _declared(file: BinaryIO, path: Path, declared: str, start: int) -> str:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        raise SourceError(f"{path.name}：未知编码 {declared!r}，应为 UTF-8、GB18030、Big5 等") from None
    misfit = _first_misfit(file, name, start)
    if misfit is not None:
        raise SourceError(f"{path.name}：第 {misfit} 字节不是 {declared}，请检查 encoding")
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
