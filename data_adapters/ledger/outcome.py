"""What became of one record that was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from data_adapters.ledger.atlas import Atlas
from data_adapters.records.record import Fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is accepted, updated, duplicate or rejected; ``seq`` the change that carries it, if any.

    ``epoch`` is the life of the store in which ``seq`` counts, where the transaction told it.
    """

    status: str
    seq: int | None = None
    case_no: str | None = None
    faults: tuple[Fault, ...] = ()
    epoch: str | None = field(default=None, compare=False)


DUPLICATE = Outcome("duplicate")


def within(epoch: str, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes of a transaction in this `epoch`."""
    return [replace(outcome, epoch=epoch) for outcome in outcomes]


def rejected(field: str, code: str, reason: str) -> Outcome:
    """An outcome that says why a record was not kept."""
    return Outcome("rejected", faults=(Fault(field, code, reason),))


def unknown_grid(code: str, atlas: Atlas) -> Outcome:
    """The outcome for a grid code that means none, with the nearest one that does."""
    near = atlas.nearest(code)
    return rejected(
        "grid_code",
        "unknown_grid",
        f"网格编码 {code} 不存在" + (f"，最接近的是 {near}" if near is not None else ""),
    )
