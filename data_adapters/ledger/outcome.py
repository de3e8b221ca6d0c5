"""What became of one record that was written."""

from __future__ import annotations

from dataclasses import dataclass

from data_adapters.records.record import Fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is accepted, updated, duplicate or rejected; ``seq`` the change that carries it, if any."""

    status: str
    seq: int | None = None
    case_no: str | None = None
    faults: tuple[Fault, ...] = ()


DUPLICATE = Outcome("duplicate")


def rejected(field: str, code: str, reason: str) -> Outcome:
    """An outcome that says why a record was not kept."""
    return Outcome("rejected", faults=(Fault(field, code, reason),))
