"""R8: an open case past its due time. Exactly due is not overdue: the time light says so, and this follows it."""

from __future__ import annotations

from data_adapters.ledger.alerts import Condition
from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.display import display_category
from data_adapters.ledger.item import stamp
from data_adapters.ledger.snapshot import CaseRow

RULE = "R8"


def judge(case: CaseRow) -> Condition | None:
    """The condition a case is in, if any. Red for a major grade, else yellow."""
    if not case.is_open or case.light != "RED":
        return None
    facts = {
        "category": display_category(case.category),
        "grade": case.grade,
        "kind": case.kind,
        "due_at": stamp(case.due_at),
    }
    severity = "RED" if case.grade in GRAVE else "YELLOW"
    return Condition(RULE, severity, "CASE", case.case_no, case.path, facts)
