"""Alerts as they are kept: one row a rule and subject, opened, acknowledged and closed in the write transaction.

A rule only says what is so now (`Condition`); whether that is news is decided here, under the lock, so a change
that is looked at twice, or by two processes, alerts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from data_adapters.ledger.atlas import Atlas
from data_adapters.ledger.history import ALERT
from data_adapters.ledger.item import place_names, stamp
from data_adapters.ledger.scope import Scope, lineage, under
from data_adapters.ledger.tables import alert, follower
from data_adapters.ledger.transaction import Transaction, upsert

OPEN, ACKED, RESOLVED = "OPEN", "ACKED", "RESOLVED"
STANDING = (OPEN, ACKED)
#: The graver, the higher (domain dictionary, section 2.9).
SEVERITY = {"BLUE": 1, "YELLOW": 2, "ORANGE": 3, "RED": 4}
_CHUNK = 400

#: (rule, subject type, subject)
Key = tuple[str, str, str]
AlertRow = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule says is so now. ``facts`` are codes and numbers for the screen: no person, no free text."""

    rule: str
    severity: str
    subject_type: str
    subject: str
    path: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What it is an alert of."""
        return self.rule, self.subject_type, self.subject


@dataclass(frozen=True, slots=True)
class Followed:
    """How far somebody has read the change log."""

    name: str
    epoch: str
    seq: int


class AlertWriter:
    """Opens, closes and acknowledges alerts inside one write transaction."""

    def __init__(self, tx: Transaction, atlas: Atlas) -> None:
        self._tx = tx
        self._atlas = atlas

    def settle(self, looked_at: Iterable[Key], conditions: Iterable[Condition]) -> int:
        """Of all keys that were `looked_at` only `conditions` are so. Returns how many alerts changed."""
        found = {condition.key: condition for condition in conditions}
        keys = sorted({*looked_at, *found})
        known = self._known(keys)
        changed = 0
        for key in keys:
            if key in found:
                changed += self._raise(found[key], known.get(key))
            elif key in known and known[key]["state"] in STANDING:
                self._write(known[key] | {"state": RESOLVED, "closed_at": self._tx.now}, known[key])
                changed += 1
        return changed

    def acknowledge(self, id_: int, by: str) -> dict[str, Any]:
        """Take note of an open alert in the name of a screen or a post. Again, or where it is over: no change."""
        row = self._tx.connection.execute(sa.select(alert).where(alert.c.id == id_)).mappings().one()
        if row["state"] != OPEN:
            return dict(row)
        acked = dict(row) | {"state": ACKED, "acked_at": self._tx.now, "acked_by": by[:64]}
        self._write(acked, dict(row))
        return acked

    def follow(self, done: Followed) -> None:
        """Remember how far the log was read."""
        statement = upsert(self._tx.connection, follower).values(
            name=done.name, epoch=done.epoch, seq=done.seq
        )
        changed = {"epoch": done.epoch, "seq": done.seq}
        self._tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    def _known(self, keys: Sequence[Key]) -> dict[Key, dict[str, Any]]:
        subjects = sorted({key[2] for key in keys})
        known = {}
        for start in range(0, len(subjects), _CHUNK):
            chosen = sa.select(alert).where(alert.c.subject.in_(subjects[start : start + _CHUNK]))
            for row in self._tx.connection.execute(chosen).mappings():
                known[row["rule"], row["subject_type"], row["subject"]] = dict(row)
        return known

    def _raise(self, found: Condition, before: dict[str, Any] | None) -> bool:
        now = self._tx.now
        told = {"severity": found.severity, "path": found.path, "facts": orjson.dumps(found.facts).decode()}
        if before is None:
            row = {
                "rule": found.rule,
                "subject_type": found.subject_type,
                "subject": found.subject,
                "state": OPEN,
                "first_at": now,
                "last_at": now,
                "count": 1,
                "acked_at": None,
                "acked_by": None,
                "closed_at": None,
                **told,
            }
            inserted = self._tx.connection.execute(sa.insert(alert).values(row).returning(alert.c.id))
            id_ = inserted.scalar_one()
            self._tx.history.born(ALERT, str(id_), found.path)
            self._log(row | {"id": id_}, found.path)
            return True
        graver = SEVERITY[found.severity] > SEVERITY[before["severity"]]
        if before["state"] == RESOLVED or graver:
            again = {"state": OPEN, "last_at": now, "acked_at": None, "acked_by": None, "closed_at": None}
            if before["state"] == RESOLVED:
                again |= {"first_at": now, "count": before["count"] + 1}
            self._write(before | told | again, before)
            return True
        if any(before[name] != value for name, value in told.items()):
            self._write(before | told | {"last_at": now}, before)
            return True
        return False

    def _write(self, row: dict[str, Any], before: dict[str, Any]) -> None:
        self._tx.history.changed(ALERT, str(row["id"]), before, row)
        values = {name: value for name, value in row.items() if name != "id"}
        self._tx.connection.execute(sa.update(alert).where(alert.c.id == row["id"]).values(values))
        self._log(row, before["path"])

    def _log(self, row: dict[str, Any], path_before: str) -> None:
        body = alert_item(row, self._atlas.code_of, self._atlas.label_of)
        self._tx.log("alert", row["path"], body, path_before)


def alert_item(row: Any, code_of: Any, label_of: Any) -> dict[str, Any]:
    """The body of an ``alert`` change, and of an alert in a list. ``paths``: codes from the root down."""
    codes = [code for path in lineage(row["path"]) if (code := code_of.get(path)) is not None]
    grid_name, parent_name = place_names(row["path"], label_of)
    return {
        "alert_id": row["id"],
        "rule": row["rule"],
        "severity": row["severity"],
        "state": row["state"],
        "subject_type": row["subject_type"],
        "subject": row["subject"],
        "facts": orjson.loads(row["facts"]),
        "first_at": stamp(row["first_at"]),
        "last_at": stamp(row["last_at"]),
        "count": row["count"],
        "acked_at": stamp(row["acked_at"]),
        "acked_by": row["acked_by"],
        "grid_code": codes[-1] if codes else None,
        "grid_name": grid_name,
        "parent_name": parent_name,
        "paths": codes,
    }


class AlertLog:
    """The alerts that a scope may see."""

    def __init__(self, connection: sa.Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def standing(self, path: str, limit: int) -> Sequence[AlertRow]:
        """Those of a grid that are not over: unacknowledged first, the gravest first, the newest first."""
        if not self._scope.covers(path):
            return ()
        severity = sa.case(SEVERITY, value=alert.c.severity, else_=0)
        chosen = sa.select(alert).where(alert.c.state.in_(STANDING), under(alert.c.path, path))
        order = (
            sa.case((alert.c.state == OPEN, 0), else_=1),
            severity.desc(),
            alert.c.last_at.desc(),
            alert.c.id,
        )
        return self._connection.execute(chosen.order_by(*order).limit(limit)).all()

    def unacknowledged(self, path: str) -> int:
        """How many of a grid nobody has taken note of."""
        if not self._scope.covers(path):
            return 0
        chosen = sa.select(sa.func.count()).where(alert.c.state == OPEN, under(alert.c.path, path))
        return int(self._connection.execute(chosen).scalar_one())

    def one(self, id_: int) -> AlertRow | None:
        """One alert inside the scope."""
        chosen = sa.select(alert).where(alert.c.id == id_, self._scope.rows(alert.c.path))
        return self._connection.execute(chosen).first()

    def standing_keys(self, subject_type: str) -> set[Key]:
        """What there is a standing alert of."""
        chosen = sa.select(alert.c.rule, alert.c.subject_type, alert.c.subject)
        rows = self._connection.execute(
            chosen.where(alert.c.state.in_(STANDING), alert.c.subject_type == subject_type)
        )
        return {(row.rule, row.subject_type, row.subject) for row in rows}

    def followed(self, name: str) -> Followed | None:
        """How far somebody has read the change log."""
        row = self._connection.execute(sa.select(follower).where(follower.c.name == name)).first()
        return None if row is None else Followed(row.name, row.epoch, row.seq)
