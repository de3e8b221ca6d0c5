"""The ledger: one way in (`write_*`, each one transaction), one way to look (`read`, which takes a scope)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from data_adapters.ledger import engine, tick
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.case_writer import CaseWriter
from data_adapters.ledger.event_writer import EventWriter
from data_adapters.ledger.grid_writer import GridWriter
from data_adapters.ledger.outcome import Outcome
from data_adapters.ledger.rebuild import rebuild_counts
from data_adapters.ledger.scope import ROOT, Scope
from data_adapters.ledger.snapshot import Snapshot
from data_adapters.ledger.sources import SourceLog, SourceState
from data_adapters.ledger.tables import change, stream
from data_adapters.ledger.transaction import Transaction
from data_adapters.ledger.video_writer import VideoWriter
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from data_adapters.records.grid import Grid
from data_adapters.records.record import Fault
from data_adapters.records.video import VideoPoint, VideoStatus

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """What we keep, in SQLite or PostgreSQL. Safe to use from several threads and processes at once."""

    def __init__(
        self, url: str, timezone: str = "Asia/Shanghai", root: str | None = None, clock: Clock = _utc_now
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.clock = clock
        self._root = root
        self._writing = engine.connect(url, writing=True)
        self._reading = engine.connect(url, writing=False)
        self._atlas: tuple[int, Atlas] | None = None
        self._atlas_lock = threading.Lock()
        # Threads queue here in turn; SQLite's own waiting is by sleeping and would let some starve.
        self._turn = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    @classmethod
    def open(
        cls, url: str, timezone: str = "Asia/Shanghai", root: str | None = None, clock: Clock = _utc_now
    ) -> Ledger:
        """Open the store at a SQLAlchemy `url`, making or migrating its tables. ``root``: code of the root grid."""
        ledger = cls(url, timezone, root, clock)
        ledger._migrate()
        return ledger

    def close(self) -> None:
        """Give back every connection."""
        self._writing.dispose()
        self._reading.dispose()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit of this process, on the writing thread: a poke, nothing more."""
        self._listeners.append(listener)

    def write_grids(self, grids: Sequence[Grid]) -> list[Outcome]:
        """Add or revise grids, parents first. One outcome each; one change in the log for all."""
        with self._transaction() as tx:
            return GridWriter(tx, self._root, self.zone).write(list(grids))

    def write_cases(self, records: Sequence[Case], bulk: bool = False) -> list[Outcome]:
        """Add or revise cases; one outcome each, in order. ``bulk``: one change in the log for all."""
        with self._transaction() as tx:
            return self._case_writer(tx).write(records, bulk=bulk)

    def write_events(self, records: Sequence[CaseEvent], bulk: bool = False) -> list[Outcome]:
        """Keep steps a source tells, as history beside the state it tells."""
        with self._transaction() as tx:
            return self._event_writer(tx).record(records, bulk=bulk)

    def apply_event(self, event: CaseEvent) -> tuple[Outcome, list[str]]:
        """Take a step in a case's life here. Where it is not legal: rejected, with the legal steps."""
        with self._transaction() as tx:
            return self._event_writer(tx).apply(event)

    def write_points(self, records: Sequence[VideoPoint], bulk: bool = False) -> list[Outcome]:
        """Add or revise video points; one outcome each, in order."""
        with self._transaction() as tx:
            return VideoWriter(tx, self._current_atlas(tx), self.zone).points(records, bulk=bulk)

    def write_statuses(self, records: Sequence[VideoStatus], bulk: bool = False) -> list[Outcome]:
        """Change the status of video points; one outcome each, in order."""
        with self._transaction() as tx:
            return VideoWriter(tx, self._current_atlas(tx), self.zone).statuses(records, bulk=bulk)

    def tick(self) -> int:
        """Bring every open case's time light up to date; returns how many changed, each one change in the log."""
        with self._transaction() as tx:
            return tick.relight(tx, self._case_writer(tx))

    def rebuild_counts(self) -> None:
        """Make every rollup anew from the rows. The result equals what the transactions kept."""
        with self._transaction() as tx:
            rebuild_counts(tx, self.zone)

    def quarantine(self, source: str, refused: Sequence[tuple[str, Fault]]) -> None:
        """Keep what was refused: (row as people count it, fault). The same refusal again only counts up."""
        with self._transaction() as tx:
            SourceLog(tx.connection).quarantine(source, refused, tx.now)

    def release(self, source: str, before: datetime | None = None, rows: Sequence[str] | None = None) -> None:
        """Forget a source's refused rows: all, those not refused again since `before`, or only these `rows`."""
        with self._transaction() as tx:
            SourceLog(tx.connection).release(source, before, rows)

    def held(self, source: str) -> dict[str, datetime]:
        """The rows of a source in quarantine, each with the time it was last refused."""
        with self._reading.connect() as connection:
            return SourceLog(connection).held(source)

    def source_state(self, name: str) -> SourceState | None:
        """Where the last read of a source ended."""
        with self._reading.connect() as connection:
            return SourceLog(connection).state(name)

    def source_done(
        self,
        name: str,
        kind: str,
        cursor: str | None,
        read: int,
        accepted: int,
        refused: int,
        error: str | None = None,
        every_s: int | None = None,
    ) -> None:
        """Remember how a read of a source ended. With ``error`` the last good read stays what it was."""
        with self._transaction() as tx:
            state = SourceState(name, kind, cursor, every_s, tx.now, tx.now, read, accepted, refused, error)
            SourceLog(tx.connection).done(state)

    def source_heard(self, name: str, kind: str) -> None:
        """Remember that a source which pushes was heard from now."""
        with self._transaction() as tx:
            SourceLog(tx.connection).heard(name, kind, tx.now)

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Snapshot]:
        """One consistent look at the ledger, limited to `scope`."""
        with self._reading.connect() as connection, connection.begin():
            yield Snapshot(connection, scope, self.zone, self.clock())

    def atlas(self) -> Atlas:
        """The grids in memory: code to path and back, point to grid."""
        with self._reading.connect() as connection, connection.begin():
            revision = connection.execute(sa.select(stream.c.grid_revision)).scalar_one()
            return self._atlas_of(connection, revision)

    def position(self) -> tuple[str, int]:
        """(epoch, seq) of the end of the change log."""
        with self._reading.connect() as connection:
            row = connection.execute(sa.select(stream.c.epoch, stream.c.top)).one()
            return row.epoch, row.top

    def renew_epoch(self, seen: str) -> tuple[str, int]:
        """Begin another life of the store, unless someone has since `seen`; returns the position.

        For a log that went back (a restored backup): its numbers will be given again, to other changes.
        """
        with self._turn, self._writing.connect() as connection, connection.begin():
            renewed = sa.update(stream).where(stream.c.epoch == seen).values(epoch=str(uuid.uuid4()))
            connection.execute(renewed)
        return self.position()

    def log_after(self, seq: int, limit: int) -> Sequence[sa.Row[Any]]:
        """Raw rows of the change log after `seq`, oldest first: for the tail, which filters by each viewer's scope."""
        chosen = sa.select(change).where(change.c.seq > seq).order_by(change.c.seq).limit(limit)
        with self._reading.connect() as connection:
            return connection.execute(chosen).all()

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._turn, self._writing.connect() as connection, connection.begin():
            tx = Transaction(connection, self.clock())
            yield tx
            tx.flush()
        for listener in self._listeners:
            listener()

    def _case_writer(self, tx: Transaction) -> CaseWriter:
        return CaseWriter(tx, self._current_atlas(tx), self._root or ROOT, self.zone)

    def _event_writer(self, tx: Transaction) -> EventWriter:
        return EventWriter(tx, self._case_writer(tx), self._current_atlas(tx), self.zone)

    def _current_atlas(self, tx: Transaction) -> Atlas:
        return self._atlas_of(tx.connection, tx.grid_revision)

    def _atlas_of(self, connection: sa.Connection, revision: int) -> Atlas:
        with self._atlas_lock:
            if self._atlas is None or self._atlas[0] != revision:
                self._atlas = (revision, Atlas.load(connection))
            return self._atlas[1]

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self._writing.connect() as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.execute(sa.select(sa.func.count()).select_from(stream)).scalar_one() == 0:
                row = {"id": 1, "epoch": str(uuid.uuid4()), "top": 0}
                row |= {"grid_revision": 0, "video_revision": 0, "rollup_depth": 0}
                connection.execute(sa.insert(stream), [row])
