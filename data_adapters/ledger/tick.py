"""The clock's own changes: a time light that turned is one change in the log, like any other."""

from __future__ import annotations

import sqlalchemy as sa

from data_adapters.ledger.case_writer import CaseWriter
from data_adapters.ledger.tables import cases
from data_adapters.ledger.transaction import Transaction
from data_adapters.records import time_limit


def relight(tx: Transaction, writer: CaseWriter) -> int:
    """Store the light of every open case whose light has turned; returns how many."""
    turned = sa.or_(
        sa.and_(cases.c.light == "GREEN", cases.c.yellow_at <= tx.now),
        sa.and_(cases.c.light.in_(("GREEN", "YELLOW")), cases.c.due_at < tx.now),
    )
    rows = tx.connection.execute(
        sa.select(cases).where(cases.c.is_open, turned).order_by(cases.c.due_at)
    ).mappings()
    changed = 0
    for found in rows.all():
        before = dict(found)
        light = time_limit.light(
            before["state"], before["due_at"], before["yellow_at"], before["closed_at"], tx.now
        )
        if light != before["light"]:
            writer.put(before, before | {"light": light})
            changed += 1
    writer.flush()
    return changed
