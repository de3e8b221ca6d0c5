"""Steps of cases by the hundred thousand, as history that a source tells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import pandas as pd
import sqlalchemy as sa

from data_adapters.ledger.bulk import insert_columns
from data_adapters.ledger.case_loader import is_one_of
from data_adapters.ledger.columns import MISSING, Column, Columns
from data_adapters.ledger.tables import case_event, cases
from data_adapters.ledger.transaction import Transaction
from data_adapters.ledger.types import to_milliseconds

#: What a source tells of a step, in the order in which it is sealed.
TOLD = (
    "type at org post direction from_level to_level reason outcome satisfaction due_after inferred source source_id "
    "source_updated_at"
).split()


class EventLoader:
    """Loads events within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def load(self, told: Columns) -> int:
        """Store the events of `told` (names of `TOLD` and ``case_id``), none of which is known; how many."""
        rows = Columns(case_event, len(told), {name: told[name] for name in told.names})
        rows["inferred"] = np.where(rows.known("inferred"), rows["inferred"], 0)
        self._chain(rows)
        rows["ingested_at"] = np.full(len(rows), to_milliseconds(self._tx.now))
        insert_columns(self._tx.connection, rows)
        return len(rows)

    def _chain(self, rows: Columns) -> None:
        """Number the steps of each case in their order and seal each with the one before."""
        codes, unique = pd.factorize(rows["case_id"])
        last = last_of(self._tx.connection, unique)
        begun = np.array([last.get(one, (0, ""))[0] for one in unique.tolist()], dtype=np.int64)
        running = pd.Series(codes).groupby(codes).cumcount().to_numpy()
        rows["number"] = begun[codes] + running + 1
        chains = [last.get(one, (0, ""))[1] for one in unique.tolist()]
        lists = [rows.listed(name) for name in (*TOLD, "case_id", "number")]
        sealed: list[bytes] = []
        for code, values in zip(codes.tolist(), zip(*lists, strict=True), strict=True):
            chains[code] = _seal(chains[code], values)
            sealed.append(bytes.fromhex(chains[code]))
        rows["hash"] = np.array(sealed, dtype=object)


def case_ids(connection: sa.Connection, source: str, source_ids: Column) -> Column:
    """The ids of the cases of `source` by their ids there; `MISSING` where there is none."""
    unique = pd.unique(source_ids)
    wanted = sa.and_(cases.c.source == source, is_one_of(connection, cases.c.source_id, unique))
    found = {
        row.source_id: row.id
        for row in connection.execute(sa.select(cases.c.source_id, cases.c.id).where(wanted))
    }
    return np.array([found.get(one, MISSING) for one in source_ids.tolist()], dtype=np.int64)


def last_of(connection: sa.Connection, ids: Column) -> dict[int, tuple[int, str]]:
    """case id -> (number, hash) of its last event."""
    if connection.execute(sa.select(case_event.c.id).limit(1)).first() is None:
        return {}
    here = is_one_of(connection, case_event.c.case_id, ids)
    chosen = sa.select(case_event.c.case_id, case_event.c.number, case_event.c.hash).where(here)
    rows = connection.execute(chosen.order_by(case_event.c.case_id, case_event.c.number))
    return {row.case_id: (row.number, row.hash) for row in rows}


def seal(chain: str, told: Mapping[str, Any], case_id: int, number: int) -> str:
    """The hash of a step: of all that is told of it, and of the hash of the step before (`chain`)."""
    values = [told[name] for name in TOLD]
    for place, name in enumerate(TOLD):
        if name in {"at", "due_after", "source_updated_at"} and values[place] is not None:
            values[place] = to_milliseconds(values[place])
        elif name == "inferred":
            values[place] = int(values[place])
    return _seal(chain, (*values, case_id, number))


def _seal(chain: str, values: tuple[Any, ...]) -> str:
    return hashlib.sha256(chain.encode() + orjson.dumps(values)).hexdigest()
