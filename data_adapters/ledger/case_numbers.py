"""Case numbers that a source brings along while the index that keeps them apart is not there (`load`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from data_adapters.ledger.columns import day_number
from data_adapters.ledger.tables import case_number, cases
from data_adapters.ledger.transaction import Transaction, upsert


def claim(tx: Transaction, prefix: str, given: Sequence[str]) -> None:
    """Make sure that nobody has the numbers `given` and that we give none of them to another case later.

    Only needed while a load runs. Raises `ValueError` where one is taken.
    """
    if not tx.loading or not given:
        return
    taken = tx.connection.execute(sa.select(cases.c.case_no).where(cases.c.case_no.in_(given))).scalar()
    repeated = next((number for number in given if given.count(number) > 1), None)
    if taken is not None or repeated is not None:
        raise ValueError(f"案件编号 {taken or repeated} 已有")
    ours = re.compile(rf"{re.escape(prefix)}-(\d{{4}})(\d\d)(\d\d)-(\d{{5,8}})")
    for number in given:
        if (like := ours.fullmatch(number)) is None:
            continue
        try:
            day = day_number(date(*map(int, like.groups()[:3])))
        except ValueError:  # no day: not one of ours
            continue
        top = int(like[4])
        statement = upsert(tx.connection, case_number).values(day=day, top=top)
        higher = {"top": statement.excluded.top}
        tx.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["day"], set_=higher, where=case_number.c.top < statement.excluded.top
            )
        )
