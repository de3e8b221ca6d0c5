"""The clock's own changes: a time light that turned is one change in the log, like any other."""

from __future__ import annotations

import sqlalchemy as sa

from data_adapters.ledger import steps
from data_adapters.ledger.case_writer import CaseWriter, limit
from data_adapters.ledger.tables import cases, stream
from data_adapters.ledger.transaction import Transaction
from data_adapters.records import time_limit
from data_adapters.records.time_limit import Limits

_UNFINISHED = sa.or_(
    cases.c.is_open,
    cases.c.state == sa.literal_column("'REPORTED'"),
    cases.c.state == sa.literal_column("'REGISTERED'"),
)


def relight(tx: Transaction, writer: CaseWriter) -> int:
    """Store the light of every open case whose light has turned; returns how many.

    Each row says when its light turns next, so a minute in which none does costs one look at an index.
    """
    rows = tx.connection.execute(
        sa.select(cases).where(cases.c.turn_at <= tx.now).order_by(cases.c.turn_at, cases.c.id)
    ).mappings()
    changed = 0
    for found in rows.all():
        before = dict(found)
        light = time_limit.light(
            before["state"], before["due_at"], before["yellow_at"], before["closed_at"], tx.now
        )
        turn_at = time_limit.turns(light, before["due_at"], before["yellow_at"], before["is_open"])
        if light != before["light"]:
            writer.put(before, before | {"light": light, "turn_at": turn_at})
            changed += 1
    writer.flush()
    return changed


def adopt(tx: Transaction, writer: CaseWriter, limits: Limits) -> int:
    """Where the policies have changed: the limits of every unfinished case anew. Returns how many lights changed.

    What is finished was judged by the limits of its time and stays so.
    """
    if tx.limits == limits.digest:
        return 0
    rows = [dict(row) for row in tx.connection.execute(sa.select(cases).where(_UNFINISHED)).mappings()]
    taken = steps.load(tx.connection, {row["id"] for row in rows if row["told"] is not None})
    changed = 0
    for before in rows:
        if before["told"] is not None:
            after = writer.replayed(before, taken[before["id"]])
        else:
            after = before | ({} if before["due_told"] else {"due_at": None})
            limit(after, tx.now, limits)
        if after["light"] != before["light"]:
            writer.put(before, after)
            changed += 1
        elif after != before:
            writer.amend(before, after)
    writer.flush()
    tx.connection.execute(sa.update(stream).where(stream.c.id == 1).values(limits=limits.digest))
    return changed
