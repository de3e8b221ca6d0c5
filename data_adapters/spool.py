"""A source read to its end before anything of it is written: what breaks halfway, or shrank, changes nothing."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from data_adapters.ledger.sources import SourceState
from data_adapters.readers.reader import Chunk, SourceError
from data_adapters.settings import SourceSettings

#: A snapshot with less than this share of its last good read is not believed.
KEPT_SHARE = 0.8


@contextmanager
def spooled(chunks: Iterable[Chunk]) -> Iterator[tuple[int, Iterator[Chunk]]]:
    """(rows in all, the chunks again), the rows meanwhile in a file that no one else sees.

    Raises what `chunks` raises, before anything is given.
    """
    with tempfile.TemporaryFile(prefix="yiping-") as file:
        rows = 0
        for chunk in chunks:
            rows += len(chunk.rows) + len(chunk.broken)
            pickle.dump(chunk, file, pickle.HIGHEST_PROTOCOL)
        end = file.tell()
        file.seek(0)

        def again() -> Iterator[Chunk]:
            while file.tell() < end:
                yield pickle.load(file)  # noqa: S301  written above, to a file without a name

        yield rows, again()


def refuse_shrunk(source: SourceSettings, rows: int, good: SourceState | None) -> None:
    """Refuse a snapshot that lost more than a fifth of its last good read. Raises `SourceError`.

    Half an export, an empty table or a filter gone wrong look just like that; that so much was deleted does too,
    but can wait for somebody to say so (``may_shrink``).
    """
    if source.cursor is not None or source.may_shrink or good is None or good.last_ok_at is None:
        return
    if rows < KEPT_SHARE * good.read:
        raise SourceError(
            f"只有 {rows} 行，上次成功读到 {good.read} 行，少了超过五分之一：保留上次的数据，没有写入；"
            "若确实减少，请在此来源写 may_shrink = true",
            "shrunk",
        )
