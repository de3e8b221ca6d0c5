"""``GET /parts/{whole}``: a whole in its parts, which add up to it: grades (DY1), levels of resolution (QS20), joint
work (QS18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from dashboard.api.guard import grid_or_404, reading
from dashboard.api.honesty import DAYS, honest, lacking
from dashboard.api.problem import Problem, reply
from dashboard.indicators.share import few, percent
from dashboard.services import Services
from data_adapters.ledger import Snapshot
from data_adapters.ledger.contributions import JOINT
from data_adapters.ledger.snapshot import GridRow
from data_adapters.records.dictionary import GRADE, JOINT_TYPE

Answer = dict[str, Any]
_LEVELS = {"village": "村社区", "township": "乡镇", "county": "县", "above": "县外"}


def routes(api: Blueprint, services: Services) -> None:
    """Reading wholes in parts."""

    @api.get("/parts/<whole>")
    @services.off_loop
    def get_parts(whole: str) -> Response:
        make = WHOLES.get(whole)
        if make is None:
            raise Problem(404, f"只有 {'、'.join(WHOLES)}")
        with reading(services) as snapshot:
            return reply(make(snapshot, grid_or_404(snapshot, request.args.get("grid"))))


def grades(snapshot: Snapshot, here: GridRow) -> Answer:
    """What is in hand, by grade."""
    stocks = snapshot.counts.gauges(here.path)
    parts = [(grade, label, stocks[f"open.grade.{grade}"]) for grade, label in GRADE.items()]
    return honest(snapshot, here, ("case",), None) | _whole("在办", parts, "K07")


def levels(snapshot: Snapshot, here: GridRow) -> Answer:
    """What was resolved in the period, by the level at which it was."""
    today = snapshot.today
    flows = snapshot.counts.flows(here.path, today - DAYS + 1, today)
    parts = [(level, label, flows[f"resolved_{level}"]) for level, label in _LEVELS.items()]
    missing = lacking(flows["succeeded"] - sum(n for _, _, n in parts), "未注明化解层级")
    found = honest(snapshot, here, ("case",), DAYS, (missing,)) | _whole("化解成功", parts, None)
    for part in found["parts"]:
        part["indicator"] = f"K14.{part['id']}"
    return found


def joint(snapshot: Snapshot, here: GridRow) -> Answer:
    """Joint work in hand by its six kinds, each with its on-time share of the period."""
    today = snapshot.today
    stocks = snapshot.counts.gauges(here.path)
    rare = snapshot.counts.spread(here.path, today - DAYS + 1, today)
    parts = [(kind, label, stocks[f"open.joint.{kind}"]) for kind, label in JOINT_TYPE.items()]
    missing = lacking(stocks["open"] - sum(n for _, _, n in parts), "在办不属于联动")
    found = honest(snapshot, here, ("case",), DAYS, (missing,)) | _whole("联动在办", parts, None)
    for part in found["parts"]:
        bucket = JOINT[part["id"]]
        n, due = rare[f"joint_on_time.{bucket}"], rare[f"joint_due.{bucket}"]
        part["on_time"] = {"value": percent(n, due), "numerator": n, "denominator": due, "small": few(due)}
    return found


WHOLES: dict[str, Callable[[Snapshot, GridRow], Answer]] = {
    "grades": grades,
    "levels": levels,
    "joint": joint,
}


def _whole(label: str, parts: list[tuple[str, str, int]], indicator: str | None) -> Answer:
    total = sum(n for _, _, n in parts)
    return {
        "whole": {"label": label, "n": total, "small": few(total), "indicator": indicator},
        "parts": [{"id": id_, "label": name, "n": n, "share": percent(n, total)} for id_, name, n in parts],
    }
