"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(value: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware time."""
    return (value - _EPOCH) // _MILLISECOND


def from_milliseconds(value: int) -> datetime:
    """The aware UTC time of `value` milliseconds since 1970-01-01."""
    return _EPOCH + timedelta(milliseconds=value)


class Instant(TypeDecorator[datetime]):
    """A time, kept as integer milliseconds UTC: exact, small, and alike on every database.

    SQLite has no time type and drops zones; an integer also makes ranges and differences plain arithmetic.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_milliseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_milliseconds(int(value))


class Sha256(TypeDecorator[str]):
    """A SHA-256 in hexadecimal digits, kept as its 32 bytes: a third of a gigabyte less of ten million steps."""

    impl = sa.LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).hex()


def path_type() -> sa.types.TypeEngine[str]:
    """Grid paths compare byte by byte on every database, whatever its locale."""
    return sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
