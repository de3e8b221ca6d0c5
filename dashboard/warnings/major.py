"""R7a: a case of a major grade, from the moment it is reported until it is closed."""

from __future__ import annotations

from data_adapters.ledger.alerts import Condition
from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.display import display_category
from data_adapters.ledger.snapshot import CaseRow
from data_adapters.records import life

RULE = "R7a"
#: 特别重大 and 重大 of the event levels, 重大群体性 of the scales (domain dictionary, section 5.2).
EVENT_LEVELS, SCALES = frozenset({"01", "02"}), frozenset({"03"})


def judge(case: CaseRow) -> Condition | None:
    """The condition a case is in, if any."""
    standing = case.is_open or case.state in life.BEFORE
    why = _why(case)
    if not standing or why is None:
        return None
    facts = {"category": display_category(case.category), "grade": case.grade, "kind": case.kind, "why": why}
    return Condition(RULE, "RED", "CASE", case.case_no, case.path, facts)


def _why(case: CaseRow) -> str | None:
    if case.grade in GRAVE:
        return "grade"
    if case.event_level in EVENT_LEVELS:
        return "event_level"
    return "scale" if case.scale in SCALES else None
