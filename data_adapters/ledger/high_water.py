"""How far the log was ever shown, kept outside the store: so that a restored backup is noticed at the next start.

A backup that is put back gives the same numbers again, to other changes. Whoever was shown the first ones would take
the second ones for known. So each server notes the last change it has shown, with a fingerprint, in a small file of
its own; a store that has less, or something else in that place, or an older life altogether, begins a new life.

What cannot be noticed: a restore after which this file is gone, too (another machine, a folder restored with it), and
no server ran meanwhile. Then `yiping restored` says it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any, NamedTuple

from data_adapters.ledger.ledger import Ledger

#: Lives of the store remembered, the latest last.
_LIVES = 20
_log = logging.getLogger("yiping")


class Shown(NamedTuple):
    """The last change of one life that was shown to anyone."""

    seq: int
    print: str


class HighWater:
    """The file at `path`, which need not exist. One that cannot be written is told once, and then done without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lives = _read(path)
        self._usable = True
        self._file: int | None = None

    def note(self, epoch: str, row: Any) -> None:
        """Remember that `row` of the log is about to be shown. Cheap enough to come before every frame."""
        last = self._lives.get(epoch)
        if last is not None and last.seq >= row.seq and next(reversed(self._lives)) == epoch:
            return
        self._lives.pop(epoch, None)
        self._lives[epoch] = Shown(row.seq, fingerprint(row))
        while len(self._lives) > _LIVES:
            del self._lives[next(iter(self._lives))]
        self._write()

    def renew_if_restored(self, ledger: Ledger) -> bool:
        """Begin a new life of a store that is not the one that was shown; whether it was so."""
        epoch, top = ledger.position()
        if epoch not in self._lives:
            return False
        shown = self._lives[epoch]
        if epoch == next(reversed(self._lives)) and shown.seq <= top:
            rows = ledger.log_after(shown.seq - 1, 1)
            if rows and rows[0].seq == shown.seq and fingerprint(rows[0]) == shown.print:
                return False
        ledger.renew_epoch(epoch)
        _log.warning("存储回到了从前（曾显示到 %s，现在到 %s）：日志换代，所有大屏重新载入", shown.seq, top)
        return True

    def _open(self) -> tuple[int, int]:
        """(the file, its size), also where it was taken away meanwhile."""
        found = None if self._file is None else os.fstat(self._file)
        if self._file is None or found is None or not found.st_nlink:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            found = os.fstat(self._file)
        return self._file, found.st_size

    def _write(self) -> None:
        if not self._usable:
            return
        text = json.dumps({epoch: list(shown) for epoch, shown in self._lives.items()}).encode()
        try:
            # In place: one small write is there whole or not at all when the process is killed, and costs a tenth of a
            # new file. What is left of a longer one before is blank.
            file, size = self._open()
            os.pwrite(file, text.ljust(size), 0)
        except OSError as error:
            self._usable = False
            _log.warning(
                "%s 不能写（%s）：停机期间恢复备份将不会被发现，须用 yiping restored",
                self._path,
                error.strerror,
            )


def fingerprint(row: Any) -> str:
    """What makes a change of the log this one."""
    text = f"{row.seq} {row.type} {row.accepted_at.isoformat()} {row.path} {row.body}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _read(path: Path) -> dict[str, Shown]:
    try:
        raw = json.loads(path.read_text())
        return {str(epoch): Shown(int(seq), str(print_)) for epoch, (seq, print_) in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _log.warning("%s 读不出来（%s）：停机期间恢复备份将不会被发现", path, type(error).__name__)
        return {}
