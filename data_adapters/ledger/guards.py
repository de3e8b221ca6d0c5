"""What a step must fulfil beside being legal in its state (domain dictionary, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from data_adapters.ledger.contributions import GRAVE
from data_adapters.ledger.replay import Life
from data_adapters.records import life
from data_adapters.records.dictionary import GRADE
from data_adapters.records.event import CaseEvent
from data_adapters.records.record import Fault
from data_adapters.records.time_limit import WHISTLE, Limits

_RANK = {name: rank for rank, name in enumerate(GRADE)}


def refusal(
    event: CaseEvent, row: dict[str, Any], so_far: Life, taken: Sequence[Any], limits: Limits
) -> Fault | None:
    """Why `event` cannot be the next step of the case, or None. ``so_far``: its life with the steps `taken`."""
    state = row["state"]
    failed = event.outcome == "FAIL"
    if life.next_state(state, event.type, failed) is None:
        legal = "、".join(life.legal_steps(state)) or "无"
        return Fault("type", "illegal_step", f"状态 {state} 不允许 {event.type}，可用：{legal}")
    if state != "REPORTED" and event.at < so_far.told_at:
        told = so_far.told_at.isoformat()
        return Fault("at", "before_state", f"早于来源所述状态的时间 {told}，各步时间不应倒退")
    latest = max((step.at for step in taken if not step.corrected), default=None)
    if latest is not None and event.at < latest:
        return Fault("at", "before_last_step", f"早于上一步 {latest.isoformat()}，各步时间不应倒退")
    reasons = life.REASONS.get(event.type)
    if reasons is not None and event.reason is None:
        return Fault("reason", "missing", f"{event.type} 应说明原因 reason{_named(reasons)}")
    if reasons and event.reason not in reasons:
        return Fault("reason", "unknown", f"{event.reason} 不是 {event.type} 的原因{_named(reasons)}")
    guard = _GUARDS.get(event.type)
    return guard(event, row, so_far, limits) if guard is not None else None


def _named(reasons: frozenset[str]) -> str:
    return f"，可用：{'、'.join(sorted(reasons))}" if reasons else ""


def _grade(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if event.reason in GRADE:
        return None
    return Fault("reason", "unknown", f"GRADE 的 reason 是新的等级，可用：{'、'.join(GRADE)}")


def _start(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    """From acceptance or triage a unit begins by itself (就地): it is the one that handles the case."""
    if row["state"] not in {"ACCEPTED", "TRIAGED"}:
        return None
    handling = row["handling_org"]
    if event.org is None and handling is None:
        return Fault("org", "missing", "就地办理的 START 应指明承办单位 org")
    if event.org is not None and handling is not None and event.org != handling:
        return Fault("org", "not_assigned", f"承办单位是 {handling}；换单位应先 ASSIGN")
    return None


def _receive(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    handling = row["handling_org"]
    if event.org is None or handling is None or event.org == handling:
        return None
    return Fault("org", "not_assigned", f"案件派给了 {handling}，由它签收")


def _whistle(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if event.org is None:
        return Fault("org", "missing", "WHISTLE 应指明应报到的单位 org，一个单位一条")
    if event.reason is None or event.reason in WHISTLE:
        return None
    return Fault("reason", "unknown", f"{event.reason} 不是哨类，可用：{'、'.join(WHISTLE)}")


def _suspend(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    most = limits.policy(row["grade"], row["reopened_at"] or row["accepted_at"]).suspension
    held = timedelta(seconds=row["suspended_s"] or 0)
    if most is None or held < most.length:
        return None
    return Fault("type", "suspended_enough", f"累计已挂起 {held.days} 天，最多 {most}，不再挂起")


def _return(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if so_far.returns < life.MOST_RETURNS:
        return None
    return Fault("type", "returned_twice", f"已退回 {so_far.returns} 次，由中心指定，不再退回")


def _assign(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if event.org is not None or row["handling_org"] is not None:
        return None
    return Fault("org", "missing", "ASSIGN 应指明一个牵头单位 org")


def _extend(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if row["due_at"] is None:
        return Fault("type", "no_limit", "案件不限时，无须延期")
    most = limits.policy(row["grade"], row["reopened_at"] or row["accepted_at"]).extensions
    if so_far.extensions >= most:
        return Fault("type", "extended", f"已延期 {so_far.extensions} 次，最多 {most} 次")
    if event.due_after is not None and event.due_after <= row["due_at"]:
        return Fault("due_after", "not_later", f"新时限应晚于原时限 {row['due_at'].isoformat()}")
    return None


def _escalate(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    grade = event.reason if event.reason in GRADE else row["grade"]
    if _RANK[grade] < _RANK[row["grade"]]:
        return Fault("reason", "not_higher", f"提级的等级 {grade} 低于现在的 {row['grade']}")
    overdue = row["due_at"] is not None and event.at > row["due_at"]
    if grade == "ORDINARY" and not overdue:
        return Fault("reason", "no_cause", "提级须因等级上调（reason 为更高的等级）或已超期")
    if grade not in GRAVE or row["lead_org"] is not None or event.org is not None:
        return None
    return Fault("org", "missing", "重大案件、信访积案提级应指明包案单位 org")


def _close(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    waiting = [one.unit or "？" for one in so_far.whistles if one.is_open]
    if not waiting:
        return None
    return Fault("type", "open_whistle", f"吹哨尚未办结：{'、'.join(waiting)}；先 RESPOND，reason 为 DONE")


def _respond(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if any(event.org is None or one.unit == event.org for one in so_far.whistles):
        return None
    return Fault("org", "not_called", f"没有对 {event.org or '任何单位'} 的吹哨")


def _apply(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if row["agreed_at"] is not None:
        return None
    return Fault("type", "no_agreement", "申请司法确认之前应先 AGREEMENT")


def _rule(event: CaseEvent, row: dict[str, Any], so_far: Life, limits: Limits) -> Fault | None:
    if row["applied_at"] is not None:
        return None
    return Fault("type", "not_applied", "确认裁定之前应先 CONFIRM_APPLY")


_GUARDS: dict[str, Callable[[CaseEvent, dict[str, Any], Life, Limits], Fault | None]] = {
    "GRADE": _grade,
    "START": _start,
    "RECEIVE": _receive,
    "WHISTLE": _whistle,
    "SUSPEND": _suspend,
    "RETURN": _return,
    "ASSIGN": _assign,
    "EXTEND_APPROVE": _extend,
    "ESCALATE": _escalate,
    "CLOSE": _close,
    "RESPOND": _respond,
    "CONFIRM_APPLY": _apply,
    "CONFIRM_RULE": _rule,
}
