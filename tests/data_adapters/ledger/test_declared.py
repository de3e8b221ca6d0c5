"""What configuration may count is what is counted."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import cast

from data_adapters.ledger.contributions import STAGE, Counted, CountedPoint, gauges, point_gauges
from data_adapters.ledger.declared import OF_NOW, is_declared
from data_adapters.records import dictionary, life


def test_every_stock_that_is_kept_can_be_named_and_every_stock_that_can_be_named_is_kept() -> None:
    kept: set[str] = set()
    lights = ("GREEN", "YELLOW", "RED", "GREY")
    edges: list[tuple[str | None, ...]] = [(None, None, None)]
    edges += [(edge, *levels) for edge in life.WAITS for levels in product((*life.LEVELS, None), repeat=2)]
    told = product(STAGE, lights, dictionary.GRADE, (True, False), edges)
    for state, light, grade, placed, (edge, origin, handling) in told:
        case = SimpleNamespace(
            origin_level=origin,
            handling_level=handling,
            state=state,
            light=light,
            grade=grade,
            placed=placed,
            is_open=True,
            category="邻里",
            kind="HAZARD",
            edge=edge,
            joint_type=None,
        )
        kept |= set(gauges(cast(Counted, case)))
    answers = (True, False, None)
    for status, should, networked, integrated in product(dictionary.VIDEO_STATUS, answers, answers, answers):
        point = SimpleNamespace(
            secrecy=0,
            name="甲",
            lon=106.0,
            point_class="CLASS1",
            status=status,
            status_cause="MAINTENANCE",
            should_network=should,
            networked=networked,
            integrated=integrated,
        )
        kept |= set(point_gauges(cast(CountedPoint, point)))
    assert {name for name in kept if not is_declared(name)} == set()
    assert OF_NOW - kept == set()
