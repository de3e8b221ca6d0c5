"""The ledger: one way in (`write_*`, each one transaction), one way to look (`read`, which takes a scope)."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from data_adapters import failpoint
from data_adapters.ledger import engine, finals, history, log_counts, tick
from data_adapters.ledger.alerts import AlertWriter, Condition, Followed, Key
from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.bulk import drop_indexes, make_indexes
from data_adapters.ledger.case_loader import Prepared, Preparing, known_ids
from data_adapters.ledger.case_writer import CaseWriter
from data_adapters.ledger.columns import Column, Columns
from data_adapters.ledger.contributions import local_day
from data_adapters.ledger.day_snapshot import DaySnapshot
from data_adapters.ledger.event_loader import case_ids
from data_adapters.ledger.event_writer import EventWriter
from data_adapters.ledger.fact_writer import FactKey, FactWriter
from data_adapters.ledger.grid_writer import GridWriter
from data_adapters.ledger.load import Load, settle
from data_adapters.ledger.notices import Notices
from data_adapters.ledger.org_writer import OrgWriter
from data_adapters.ledger.outcome import Outcome, within
from data_adapters.ledger.past_snapshot import PastSnapshot
from data_adapters.ledger.point_loader import known_points
from data_adapters.ledger.rebuild import rebuild_counts
from data_adapters.ledger.scope import ROOT, Scope
from data_adapters.ledger.snapshot import Snapshot
from data_adapters.ledger.sources import SourceLog, SourceState
from data_adapters.ledger.tables import change, metadata, stream
from data_adapters.ledger.transaction import LOADING, Transaction
from data_adapters.ledger.video_writer import VideoWriter
from data_adapters.ledger.walls import Order, WallWriter
from data_adapters.records.case import Case
from data_adapters.records.event import CaseEvent
from data_adapters.records.grid import Grid
from data_adapters.records.indicator import IndicatorFact
from data_adapters.records.org import Org
from data_adapters.records.record import Fault
from data_adapters.records.time_limit import Limits, Policy
from data_adapters.records.video import VideoPoint, VideoStatus

Clock = Callable[[], datetime]
#: Where we are prompt, a statement that takes longer is given up: a write, a read, a look at the log's end.
_PROMPT_S = (10.0, 20.0, 3.0)
# Asked many times a second: made once.
_POSITION = sa.select(stream.c.epoch, stream.c.top)
_LOG_AFTER = (
    sa.select(change)
    .where(change.c.seq > sa.bindparam("after"))
    .order_by(change.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """What we keep, in SQLite or PostgreSQL. Safe to use from several threads and processes at once."""

    def __init__(
        self,
        url: str,
        timezone: str = "Asia/Shanghai",
        root: str | None = None,
        clock: Clock = _utc_now,
        policies: Sequence[Policy] = (),
        *,
        prompt: bool = False,
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.limits = Limits(self.zone, policies)
        self.clock = clock
        #: How long the past can be read as it was known then.
        self.past_kept = history.KEPT
        self._root = root
        write_s, read_s, watch_s = _PROMPT_S if prompt else (None, None, None)
        self._writing = engine.connect(url, writing=True, answer_s=write_s)
        self._reading = engine.connect(url, writing=False, answer_s=read_s)
        # Small questions on connections of their own: they tell at once when the store is away or back.
        sqlite = self._reading.dialect.name == "sqlite"
        self._watching = self._reading if sqlite else engine.connect(url, writing=False, answer_s=watch_s)
        self._atlas: tuple[int, Atlas] | None = None
        self.notices = None if sqlite else Notices(self._reading.url)
        database = self._reading.url.database if sqlite else None
        self._file = Path(database) if database and database != ":memory:" else None
        self._identity: tuple[int, int] | None = None
        self._atlas_lock = threading.Lock()
        # Threads queue here in turn; SQLite's own waiting is by sleeping and would let some starve.
        self._turn = threading.Lock()
        self._open = threading.local()
        self._listeners: list[Callable[[], None]] = []
        self._loads = 0

    @classmethod
    def open(
        cls,
        url: str,
        timezone: str = "Asia/Shanghai",
        root: str | None = None,
        clock: Clock = _utc_now,
        policies: Sequence[Policy] = (),
        *,
        prompt: bool = False,
    ) -> Ledger:
        """Open the store at a SQLAlchemy `url`, making or migrating its tables. ``root``: code of the root grid.

        ``policies``: the county's own time limits, beside the proposed ones. ``prompt``: for a server, which rather
        says that the store is away than wait for it (PostgreSQL).
        """
        if prompt:
            # Making tables may take longer than a request.
            cls.open(url, timezone, root, clock, policies).close()
            return cls(url, timezone, root, clock, policies, prompt=True)
        ledger = cls(url, timezone, root, clock, policies)
        ledger._migrate()
        return ledger

    def close(self) -> None:
        """Give back every connection."""
        if self.notices is not None:
            self.notices.close()
        self._writing.dispose()
        self._reading.dispose()
        self._watching.dispose()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit of this process, on the writing thread: a poke, nothing more."""
        self._listeners.append(listener)

    def hear_others(self, listener: Callable[[], None]) -> None:
        """Call `listener` when another process has committed, where the store tells (PostgreSQL)."""
        if self.notices is not None:
            self.notices.listen(listener)

    def write_grids(self, grids: Sequence[Grid]) -> list[Outcome]:
        """Add or revise grids, parents first. One outcome each; one change in the log for all."""
        with self._transaction() as tx:
            return GridWriter(tx, self._root, self.zone).write(list(grids))

    def write_cases(self, records: Sequence[Case], bulk: bool = False) -> list[Outcome]:
        """Add or revise cases; one outcome each, in order. ``bulk``: one change in the log for all."""
        with self._transaction() as tx:
            return within(tx.epoch, self._case_writer(tx).write(records, bulk=bulk))

    def write_case_columns(self, told: Columns, prepared: Prepared | None = None) -> Counter[str]:
        """`write_cases` in bulk, for cases that come by column (the fields of `Case`): how many had which outcome.

        ``prepared``: what `preparing` made of them; it is used where the grids are still the same.
        """
        with self._transaction() as tx:
            same = prepared is not None and prepared.revision == tx.grid_revision
            return self._case_writer(tx).write_columns(told, prepared.rows if prepared and same else None)

    def preparing(self) -> Preparing:
        """What makes rows of new cases without the store, with the grids of now."""
        revision, atlas = self._atlas_now()
        return Preparing(atlas, revision, self.limits, self.clock)

    def write_events(self, records: Sequence[CaseEvent], bulk: bool = False) -> list[Outcome]:
        """Keep steps a source tells; they move a case as far as its source has not told its state since."""
        with self._transaction() as tx:
            return self._event_writer(tx).record(records, bulk=bulk)

    def apply_event(self, event: CaseEvent) -> tuple[Outcome, list[str]]:
        """Take a step in a case's life here. Where it is not legal: rejected, with the legal steps."""
        with self._transaction() as tx:
            outcome, legal = self._event_writer(tx).apply(event)
            return replace(outcome, epoch=tx.epoch), legal

    def write_orgs(self, records: Sequence[Org], bulk: bool = True) -> list[Outcome]:
        """Add or revise organisations; one outcome each, in order, and always one change in the log for all."""
        with self._transaction() as tx:
            return OrgWriter(tx, self._current_atlas(tx), self.zone).write(records)

    def withdraw_orgs(self, source: str, kept: Collection[str]) -> int:
        """Retire the organisations that a source no longer gives: all of its own but those of the codes `kept`."""
        with self._transaction() as tx:
            return OrgWriter(tx, self._current_atlas(tx), self.zone).withdraw(source, kept)

    def write_facts(self, records: Sequence[IndicatorFact], bulk: bool = False) -> list[Outcome]:
        """Add or revise reported figures; one outcome each, in order. ``bulk``: one change in the log for all."""
        with self._transaction() as tx:
            return FactWriter(tx, self._current_atlas(tx), self.zone).write(records, bulk=bulk)

    def withdraw_facts(self, source: str, kept: Collection[FactKey]) -> int:
        """Take away the figures that a source no longer gives: all of its own but those `kept`."""
        with self._transaction() as tx:
            return FactWriter(tx, self._current_atlas(tx), self.zone).withdraw(source, kept)

    def write_points(self, records: Sequence[VideoPoint], bulk: bool = False) -> list[Outcome]:
        """Add or revise video points; one outcome each, in order."""
        with self._transaction() as tx:
            return VideoWriter(tx, self._current_atlas(tx), self.zone).points(records, bulk=bulk)

    def write_statuses(self, records: Sequence[VideoStatus], bulk: bool = False) -> list[Outcome]:
        """Change the status of video points; one outcome each, in order."""
        with self._transaction() as tx:
            writer = VideoWriter(tx, self._current_atlas(tx), self.zone)
            return within(tx.epoch, writer.statuses(records, bulk=bulk))

    def load_cases(self, told: Columns) -> int:
        """Store new cases by column (fields of `Case`, and ``returned_at``), one change for all; how many.

        In one transaction, or in that of `together`. Those that are known already are left as they are.
        """
        with self._transaction() as tx:
            told = told.take(~known_ids(tx.connection, told))
            if len(told):
                self._case_writer(tx).load(told, tx.log_bulk("case", ROOT))
            return len(told)

    def load_events(self, told: Columns, case_source: str, case_source_ids: Column) -> int:
        """Store new steps by column (fields of `CaseEvent`) of the cases that have these ids in `case_source`.

        None may be known. Those of unknown cases are left out. How many were stored.
        """
        with self._transaction() as tx:
            if len(told) == 0:
                return 0
            ids = case_ids(tx.connection, case_source, case_source_ids)
            tx.log_bulk("case_event", ROOT)
            return self._event_writer(tx).load(told, ids)

    def load_points(self, told: Columns) -> int:
        """Store new video points by column (fields of `VideoPoint`); how many. Known ones are left as they are."""
        with self._transaction() as tx:
            told = told.take(~known_points(tx.connection, told["point_id"]))
            if len(told):
                VideoWriter(tx, self._current_atlas(tx), self.zone).load(told)
                tx.log_bulk("video_point", ROOT)
            return len(told)

    def load_statuses(self, told: Columns) -> int:
        """Store the past of video points by column (fields of `VideoStatus`); where they stand is not moved."""
        with self._transaction() as tx:
            tx.log_bulk("video_status", ROOT)
            return VideoWriter(tx, self._current_atlas(tx), self.zone).load_statuses(told)

    @contextmanager
    def loading(self, rows: Mapping[str, int]) -> Iterator[None]:
        """While a load runs that brings about `rows` (table -> count): indexes are made at its end.

        Where a table holds more than is coming, its indexes stay. A killed load leaves them out until the ledger
        is opened again.
        """
        with self._transaction() as tx:
            for name, coming in rows.items():
                table = metadata.tables[name]
                there = tx.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                if there <= coming:
                    drop_indexes(tx.connection, [table])
        try:
            yield
        finally:
            self._make_indexes()

    def _make_indexes(self) -> None:
        """Each in a transaction of its own: what SQLite writes beside the file for one is gone before the next."""
        left = True
        while left:
            with self._transaction() as tx:
                left = make_indexes(tx.connection, 1)

    @contextmanager
    def loading_cases(self, coming: int = 0) -> Iterator[None]:
        """While this thread brings in very many cases: where there are none yet, counts are made at the end (`load`).
        ``coming``: about how many, where that is known: it says how deep histograms are kept.

        What is written inside is read right all along, from the rows. After a load that was killed, `settle` makes
        the counts.
        """
        with self._transaction() as tx:
            load = Load(tx, coming) if Load.possible(tx) else None
        if load is None:
            yield
            return
        self._loads += 1
        self._open.load = load
        try:
            yield
        finally:
            try:
                self._make_indexes()
                with self._transaction() as tx:
                    load.end(tx, self.zone)
            finally:
                self._loads -= 1
                self._open.load = None

    def settle(self) -> None:
        """Make the counts that a load which was killed has left to be made; not while one runs here."""
        with self._reading.connect() as connection:
            left = connection.execute(sa.select(stream.c.span_depth)).scalar_one() == LOADING[1]
        if left and not self._loads:
            with self._transaction() as tx:
                settle(tx, self.zone)

    def tick(self) -> int:
        """Bring every open case's time light up to date; returns how many changed, each one change in the log.

        Where the policies have changed since, the limits of what is unfinished are set anew first.
        """
        with self._transaction() as tx:
            tx.history.prune(self.past_kept)
            writer = self._case_writer(tx)
            changed = tick.adopt(tx, writer, self.limits) + tick.relight(tx, writer)
            tx.flush_counts()
            finals.keep(tx, local_day(tx.now, self.zone))
            return changed

    def settle_alerts(self, looked_at: Iterable[Key], conditions: Iterable[Condition], done: Followed) -> int:
        """Open and close alerts: of all that was `looked_at` only `conditions` are so; returns how many changed."""
        with self._transaction() as tx:
            writer = AlertWriter(tx, self._current_atlas(tx))
            writer.follow(done)
            return writer.settle(looked_at, conditions)

    def acknowledge(self, alert_id: int, by: str) -> dict[str, Any]:
        """Take note of an alert in the name of a screen or a post; the alert as it is then."""
        with self._transaction() as tx:
            return AlertWriter(tx, self._current_atlas(tx)).acknowledge(alert_id, by)

    def order_walls(self, orders: Sequence[Order]) -> list[dict[str, Any]]:
        """Tell walls what to show, each order one change; as they go over the wire."""
        with self._transaction() as tx:
            return WallWriter(tx).order(orders)

    def walls_seen(self, sightings: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Remember (name, path of its scope, what it shows) of walls heard of now."""
        with self._transaction() as tx:
            WallWriter(tx).seen(sightings)

    def canary(self) -> int:
        """A change that says nothing and that every viewer gets, to see whether they do; its number."""
        with self._transaction() as tx:
            return tx.log("canary", ROOT, {})

    def rebuild_counts(self, *, from_log: bool = False) -> None:
        """Make every rollup anew from the rows, or from the log of changes. Both equal what the transactions kept."""
        with self._transaction() as tx:
            (log_counts.recount if from_log else rebuild_counts)(tx, self.zone)

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
        retry_at: datetime | None = None,
        report: dict[str, Any] | None = None,
    ) -> None:
        """Remember how a read of a source ended. With ``error`` the last good read stays what it was."""
        with self._transaction() as tx:
            state = SourceState(name, kind, cursor, every_s, tx.now, tx.now, read, accepted, refused, error)
            SourceLog(tx.connection).done(replace(state, retry_at=retry_at, report=report or {}))

    def stream_done(self, state: SourceState, before: str | None) -> None:
        """Remember how far a stream was read. Raises `Overtaken` where its cursor is no longer `before`."""
        with self._transaction() as tx:
            SourceLog(tx.connection).advance(replace(state, last_try_at=tx.now, last_ok_at=tx.now), before)

    def source_heard(self, name: str, kind: str) -> None:
        """Remember that a source which pushes was heard from now."""
        with self._transaction() as tx:
            SourceLog(tx.connection).heard(name, kind, tx.now)

    @contextmanager
    def read(self, scope: Scope, on: date | None = None) -> Iterator[Snapshot]:
        """One consistent look at the ledger, limited to `scope`. ``on``: with the grids that were valid on that day."""
        with self._reading.connect() as connection, connection.begin():
            yield Snapshot(connection, scope, self.zone, self.clock(), on)

    @contextmanager
    def read_past(self, scope: Scope, at: datetime) -> Iterator[PastSnapshot]:
        """The ledger as it was known at `at`, limited to `scope`."""
        with self._reading.connect() as connection, connection.begin():
            yield PastSnapshot(connection, scope, self.zone, at)

    @contextmanager
    def read_day(self, scope: Scope, at: datetime) -> Iterator[DaySnapshot]:
        """The last whole day before `at` by the books of today, limited to `scope`."""
        with self._reading.connect() as connection, connection.begin():
            yield DaySnapshot(connection, scope, self.zone, at)

    def atlas(self) -> Atlas:
        """The grids in memory: code to path and back, point to grid."""
        return self._atlas_now()[1]

    def position(self) -> tuple[str, int]:
        """(epoch, seq) of the end of the change log."""
        self._reopen_if_replaced()
        with self._watching.connect() as connection:
            row = connection.execute(_POSITION).one()
            return row.epoch, row.top

    def _reopen_if_replaced(self) -> None:
        """A SQLite file that another was put in the place of: our connections would go on with the old one."""
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except OSError:  # just being replaced
            return
        identity = (found.st_dev, found.st_ino)
        if self._identity is not None and identity != self._identity:
            self._writing.dispose()
            self._reading.dispose()
            self._atlas = None
        self._identity = identity

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
        with self._watching.connect() as connection:
            return connection.execute(_LOG_AFTER, {"after": seq, "most": limit}).all()

    def look(self, top: int, limit: int) -> tuple[str, int, Sequence[sa.Row[Any]]]:
        """(epoch, end of the change log, rows): `position`, and where it has gone on from `top` up to `limit` rows,
        beginning with number `top` itself, if there is one. All of one moment."""
        self._reopen_if_replaced()
        with self._watching.connect() as connection:
            epoch, end = connection.execute(_POSITION).one()
            if end <= top:
                return epoch, end, ()
            return epoch, end, connection.execute(_LOG_AFTER, {"after": top - 1, "most": limit}).all()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that this thread writes inside is one transaction: it is stored at the end, or nothing of it is."""
        with self._transaction() as tx:
            self._open.tx = tx
            try:
                yield
            finally:
                self._open.tx = None

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if (joined := getattr(self._open, "tx", None)) is not None:
            yield joined
            return
        with self._turn, self._writing.connect() as connection, connection.begin():
            tx = Transaction(connection, self.clock())
            load: Load | None = getattr(self._open, "load", None)
            if load is not None:
                load.joins(tx)
            yield tx
            top = tx.flush()
            failpoint.reach("before-commit")
        if load is not None:
            load.leaves(top)
        failpoint.reach("after-commit")
        if self.notices is not None:
            self.notices.send()
        for listener in self._listeners:
            listener()

    def _case_writer(self, tx: Transaction) -> CaseWriter:
        return CaseWriter(tx, self._current_atlas(tx), self._root or ROOT, self.limits)

    def _event_writer(self, tx: Transaction) -> EventWriter:
        return EventWriter(tx, self._case_writer(tx), self.limits)

    def _current_atlas(self, tx: Transaction) -> Atlas:
        return self._atlas_of(tx.connection, tx.grid_revision)

    def _atlas_now(self) -> tuple[int, Atlas]:
        """(revision of the grids, the grids) as they are stored now."""
        with self._reading.connect() as connection, connection.begin():
            revision = connection.execute(sa.select(stream.c.grid_revision)).scalar_one()
            return revision, self._atlas_of(connection, revision)

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
            make_indexes(connection)
            if connection.execute(sa.select(sa.func.count()).select_from(stream)).scalar_one() == 0:
                row = {"id": 1, "epoch": str(uuid.uuid4()), "top": 0}
                row |= {
                    "grid_revision": 0,
                    "video_revision": 0,
                    "rollup_depth": 0,
                    "span_depth": 0,
                    "limits": self.limits.digest,
                    "known_from": self.clock(),
                }
                connection.execute(sa.insert(stream), [row])
