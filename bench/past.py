"""What a look back costs this process: `view?at=` by how much has changed since, at several sizes of centre.

``--cases 10000,1000000`` chooses sizes, ``--changed 1000,10000`` how many cases change after the moment looked at.
``--store URL`` a PostgreSQL database that is empty (else SQLite in a folder of its own).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from bench.indicators import NOW, fill, grids
from dashboard.past_view import past_view
from dashboard.ribbon import ribbon
from dashboard.services import Services
from dashboard.view import view
from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.tables import cases
from data_adapters.records.case import Case
from data_adapters.settings import Centre, Level, Settings

_ROUNDS = 9
_BATCH = 500


class Clock:
    """Moved by hand."""

    now = NOW

    def __call__(self) -> Any:
        return self.now


def change(ledger: Ledger, clock: Clock, n: int) -> None:
    """`n` changes one after the other: half of them new cases, half of them closings of those in hand."""
    rng = np.random.default_rng(2)
    with ledger.read(Scope.everything()) as snapshot:
        wanted = sa.select(cases.c.source_id, cases.c.reported_at).where(cases.c.is_open).limit(n // 2)
        in_hand = snapshot._connection.execute(wanted).all()
    known: dict[str, Any] = {
        "source": "bench",
        "kind": "DISPUTE",
        "category": "邻里",
        "grade": "ORDINARY",
    }
    for start in range(0, n, _BATCH):
        clock.now += timedelta(seconds=30)
        told = []
        for number in range(start, min(n, start + _BATCH)):
            if number % 2 and number // 2 < len(in_hand):
                source_id, at = in_hand[number // 2]
                told.append(
                    Case(
                        source_id=source_id, state="CLOSED", occurred_at=at, reported_at=at,
                        closed_at=clock.now, outcome="SUCCESS", source_updated_at=clock.now, **known,
                    )
                )  # fmt: skip
            else:
                lon, lat = 106.0 + rng.random() * 1.8, 34.0 + rng.random() * 1.4
                told.append(
                    Case(
                        source_id=f"N{number}", state="REPORTED", occurred_at=clock.now, reported_at=clock.now,
                        lon=lon, lat=lat, **known,
                    )
                )  # fmt: skip
        ledger.write_cases(told)


def timed(work: Any) -> tuple[float, float]:
    """(median, slowest) in milliseconds of the processor: what others do on the machine counts less."""
    taken = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) * 1_000)
    return float(np.median(taken)), max(taken)


def measure(url: str, n: int, steps: list[int]) -> None:
    """Fill a store, change ever more of it, and print one line a step and grid."""
    clock = Clock()
    ledger = Ledger.open(url, root="6205", clock=clock)
    ledger.write_grids(grids())
    fill(ledger, n)
    services = Services(
        Settings(centre=Centre(name="县", root="6205"), levels=[Level(level=0, name="县")]), ledger
    )
    clock.now += timedelta(minutes=1)
    at, done = clock.now, 0
    for step in steps:
        change(ledger, clock, step - done)
        done = step
        for name, code in (("county", None), ("town", "620503"), ("village", "62050305")):
            clock.now += timedelta(minutes=1)
            now = timed(lambda code=code: view(services, Scope.everything(), code))

            def back(code: Any = code) -> None:
                with ledger.read_past(Scope.everything(), at) as snapshot:
                    past_view(services, snapshot, code)

            then = timed(back)
            print(
                f"{n:>10,} cases, {step:>6,} changed since: {name:8} view?at= median {then[0]:7.0f} ms, "
                f"slowest {then[1]:7.0f} ms; view {now[0]:6.0f} ms",
                flush=True,
            )
    with ledger.read(Scope.everything()) as snapshot:
        for span in ("day", "week", "month"):
            taken = timed(lambda span=span: ribbon(snapshot, "000", span))
            print(f"{n:>10,} cases: ribbon {span:6} median {taken[0]:7.0f} ms", flush=True)
    ledger.close()


def main(arguments: list[str]) -> None:
    """`python -m bench past`."""
    parser = argparse.ArgumentParser(prog="bench past", description=__doc__)
    parser.add_argument("--cases", default="10000,1000000")
    parser.add_argument("--changed", default="1000,10000")
    parser.add_argument("--store", default="")
    chosen = parser.parse_args(arguments)
    for n in (int(text) for text in chosen.cases.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            url = chosen.store or f"sqlite:///{Path(folder) / 'bench.db'}"
            measure(url, n, [int(text) for text in chosen.changed.split(",")])
