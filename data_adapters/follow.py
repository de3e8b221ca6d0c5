"""A stream into the ledger: taken, mapped, stored in one transaction with our place in it, and only then settled.

``python -m data_adapters.follow --config F --source NAME`` follows one until SIGTERM, or until whoever started it is
gone; `yiping serve` runs one such process a stream.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from data_adapters.grid_intake import Progress, no_progress
from data_adapters.ground import Ground
from data_adapters.intake import Batch, Intake
from data_adapters.kinds import KINDS, Record
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.sources import Overtaken, SourceState
from data_adapters.mapping import Refused
from data_adapters.nesting import Told, nest
from data_adapters.readers.message import Message, chunk_of
from data_adapters.readers.reader import SourceError
from data_adapters.readers.stream import BATCH, BATCH_BYTES, Inflow, Place, connect
from data_adapters.records.field import Context
from data_adapters.records.grid import Grid
from data_adapters.records.record import Fault
from data_adapters.report import SourceReport
from data_adapters.settings import Settings, SourceSettings, load
from data_adapters.storing import BULK_ROWS, Storing, mapping_mark, plots_in

_WAIT_S = 1.0
#: A stream on which nothing happens says so often that it lives.
_ALIVE_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
#: `yiping sync` ends after so long at the latest, also where messages never stop.
_DRAIN_S = 300.0
#: The store is away: nothing is wrong with the message.
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError)
_log = logging.getLogger("yiping")


class Follower:
    """Follows one stream source. `drain` takes what is there, `follow` stays."""

    def __init__(self, settings: Settings, ledger: Ledger, source: SourceSettings) -> None:
        self.report = SourceReport.of(source, stored=True)
        self._settings = settings
        self._ledger = ledger
        self._source = source
        self._mark = mapping_mark(source)
        self._storing = Storing(source, self.report, ledger)
        self._state: SourceState | None = None
        self._laid: tuple[int, Ground] | None = None
        self._alive_at = 0.0
        self._bulk = False

    def drain(self, progress: Progress = no_progress) -> SourceReport:
        """Take what waits, and leave. What is wrong is in the report."""
        end = time.monotonic() + _DRAIN_S
        try:
            inflow = self._connect()
            try:
                while (self._step(inflow, 0) or not inflow.dry()) and time.monotonic() < end:
                    progress(self._source.name, self.report.read, None)
                self._alive(inflow)
            finally:
                inflow.close()
        except SourceError as error:
            self.report.fail(error)
            self._failed(str(error), None)
        return self.report

    def follow(self, stop: threading.Event) -> None:
        """Take what comes until `stop` is set. A broker that fails is tried again, ever more rarely."""
        failures = 0
        while not stop.is_set():
            try:
                inflow = self._connect()
                try:
                    while not stop.is_set():
                        took = self._step(inflow, _WAIT_S)
                        failures = 0
                        if not took and time.monotonic() - self._alive_at >= _ALIVE_S:
                            self._alive(inflow)
                finally:
                    inflow.close()
            except (SourceError, *_AWAY) as error:
                failures += 1
                pause_s = _pause_s(failures)
                told = str(error) if isinstance(error, SourceError) else f"写不进库：{_first_line(error)}"
                _log.error("%s：%s；%.0f 秒后再试", self._source.name, told, pause_s)
                self._failed(told, pause_s)
                stop.wait(pause_s)

    def _connect(self) -> Inflow:
        self._state = self._ledger.source_state(self._source.name)
        self._storing.held = set(self._ledger.held(self._source.name))
        cursor = self._state.cursor if self._state is not None else None
        inflow = connect(self._source, Place((cursor or "").partition(":")[2] or None))
        self._bulk = (inflow.lag() or 0) > BULK_ROWS
        if self._state is None or self._state.error is not None:
            try:
                self._alive(inflow)
            except BaseException:
                inflow.close()
                raise
        return inflow

    def _step(self, inflow: Inflow, wait_s: float) -> bool:
        """Take what is there, store it, settle it; returns whether there was anything."""
        # Grids are judged against each other: the same one twice in a batch would be a mistake there.
        most = 1 if self._source.kind == "grid" else BATCH
        taken = inflow.take(most, wait_s)
        while taken and len(taken) < most and sum(message.size for message in taken) < BATCH_BYTES:
            if not (more := inflow.take(most - len(taken), 0)):
                break
            taken += more
        if fresh := inflow.place.fresh(taken):
            self._store(fresh, inflow)
        inflow.settle(taken)
        return bool(taken)

    def _store(self, messages: Sequence[Message], inflow: Inflow) -> None:
        """All of it, or where one message makes that impossible: one by one, and that one into quarantine."""
        try:
            self._write(messages, inflow, None)
        except Overtaken:
            raise SourceError("另一个进程也在读这个流，让给它", "overtaken") from None
        except (SourceError, *_AWAY):
            raise
        except Exception as error:
            if len(messages) > 1:
                for message in messages:
                    self._store([message], inflow)
                return
            _log.error("%s：%s 写不进去：%s", self._source.name, messages[0].name, _first_line(error))
            self._write(messages, inflow, Fault("*", "unwritable", f"写不进去（{type(error).__name__}）"))

    def _write(self, messages: Sequence[Message], inflow: Inflow, fault: Fault | None) -> None:
        """One transaction: the records, what was refused, and our place after them."""
        report = SourceReport.of(self._source, stored=True)
        storing = Storing(self._source, report, self._ledger)
        storing.held = set(self._storing.held)
        if fault is None:
            batches = self._mapped(messages)
        else:
            batches = [
                Batch([], [Refused(self._source.name, one.name, (fault,)) for one in messages], None, None)
            ]
        place = inflow.stored(messages)
        lag = inflow.lag()
        with self._ledger.together():
            for batch in batches:
                storing.write(batch, self._bulk)
            state = self._after(report, place, lag, messages[-1].at)
            self._ledger.stream_done(state, self._state.cursor if self._state is not None else None)
        self._state, inflow.place, self._storing.held = state, place, storing.held
        self._alive_at = time.monotonic()
        self._bulk = self._bulk and (lag or 0) > BULK_ROWS
        self.report.add(report)

    def _mapped(self, messages: Sequence[Message]) -> list[Batch]:
        context = Context(self._settings.centre.zone, self._ledger.clock())
        ground = self._ground() if KINDS[self._source.kind].has_place else None
        intake = Intake(self._source, context, ground)
        batches = list(intake.batches([chunk_of(messages, self._source, intake.wanted)]))
        return [self._nested(batch) for batch in batches] if self._source.kind == "grid" else batches

    def _nested(self, batch: Batch) -> Batch:
        """Grids under the parents that are in the ledger."""
        rule = self._source.fields.get("parent")
        known = {plot.code: plot for plot in plots_in(self._ledger)}
        told = [Told(cast(Grid, grid), row, rule.within if rule else None) for row, grid in batch.records]
        nesting = nest(told, self._settings.centre, known, make_root=self._settings.centre.root not in known)
        records: list[tuple[str, Record]] = [
            (item.row if item is not None else "", grid) for grid, item in nesting.grids
        ]
        return replace(batch, records=records, refused=[*batch.refused, *nesting.refused])

    def _ground(self) -> Ground:
        with self._ledger.read(Scope.everything()) as snapshot:
            revision = snapshot.grid_revision()
        if self._laid is None or self._laid[0] != revision:
            self._laid = (revision, Ground(plots_in(self._ledger)))
        return self._laid[1]

    def _after(self, report: SourceReport, place: Place, lag: int | None, at: datetime | None) -> SourceState:
        """The state once `report` is stored. A stream counts all it ever read."""
        now, before = self._ledger.clock(), self._state
        counts = (report.read, report.accepted, report.refused)
        if before is not None:
            counts = (before.read + counts[0], before.accepted + counts[1], before.refused + counts[2])
        last = at or (before.last_message_at if before is not None else None)
        cursor = f"{self._mark}:{place}"
        every_s = self._source.every
        return SourceState(
            self._source.name, self._source.kind, cursor, every_s, now, now, *counts, None, lag, last
        )

    def _alive(self, inflow: Inflow) -> None:
        """Say that the broker answers, and what waits there."""
        empty = SourceReport.of(self._source)
        state = self._after(empty, inflow.place, inflow.lag(), None)
        try:
            self._ledger.stream_done(state, self._state.cursor if self._state is not None else None)
        except Overtaken:
            raise SourceError("另一个进程也在读这个流，让给它", "overtaken") from None
        self._state = state
        self._alive_at = time.monotonic()

    def _failed(self, told: str, pause_s: float | None) -> None:
        """Keep the error where people see it; where the store itself is away there is only the log."""
        retry_at = self._ledger.clock() + timedelta(seconds=pause_s) if pause_s is not None else None
        source = self._source
        try:
            self._ledger.source_done(
                source.name, source.kind, None, 0, 0, 0, told, source.every, retry_at=retry_at
            )
        except _AWAY as error:
            _log.error("%s：状态写不进库：%s", source.name, _first_line(error))


def _pause_s(failures: int) -> float:
    """Full jitter in the upper half, so that what fell together does not come back together."""
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures, 30))
    return random.uniform(longest / 2, longest)


def _first_line(error: Exception) -> str:
    told = str(getattr(error, "orig", None) or error).splitlines()
    return f"{type(error).__name__} {told[0][:160] if told else ''}".strip()


def _until_alone(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow one stream until SIGTERM, SIGINT, or the end of standard input."""
    parser = argparse.ArgumentParser(prog="python -m data_adapters.follow")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--source", required=True)
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    settings = load(told.config)
    source = next(one for one in settings.sources if one.name == told.source and one.is_stream)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    # Whoever started us holds the other end: a server that was killed leaves nobody behind.
    threading.Thread(target=_until_alone, args=(stop,), daemon=True).start()
    try:
        ledger = Ledger.open(
            settings.store.url,
            timezone=settings.centre.timezone,
            root=settings.centre.root,
            policies=settings.policies,
        )
    except _AWAY as error:
        _log.error("%s：库打不开：%s", source.name, _first_line(error))
        return 1
    try:
        Follower(settings, ledger, source).follow(stop)
    finally:
        ledger.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
