"""Orders to walls: each is one change, and reaches the walls inside its sender's scope that may see what is ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from data_adapters.ledger import Ledger, Scope
from data_adapters.ledger.snapshot import visible_item
from data_adapters.ledger.walls import ALL, FORGOTTEN, Order
from tests.fixtures.town import NOW, Clock, open_town

COUNTY, TOWN, OTHER = Scope("000"), Scope("000000"), Scope("000001")
LATER = NOW + timedelta(minutes=10)


def visible(ledger: Ledger, scope: Scope) -> list[dict[str, Any]]:
    """The orders in the change log that a scope may see."""
    items = [visible_item(row, scope) for row in ledger.log_after(0, 1_000) if row.type == "wall"]
    return [item for item in items if item is not None]


def test_an_order_is_one_change_and_a_page_that_loads_finds_the_same(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    _, before = ledger.position()
    (told,) = ledger.order_walls([Order("厅", "000", "值班", LATER, scene="command", lock=True)])
    assert told["seq"] == before + 1 == ledger.position()[1]
    (item,) = visible(ledger, TOWN)
    assert {name: item[name] for name in told} == told
    assert not {"scope", "path"} & set(item)
    with ledger.read(TOWN) as snapshot:
        assert snapshot.walls.orders() == [told]
    ledger.close()


def test_of_the_orders_to_a_name_from_one_scope_only_the_last_is_kept(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    ledger.order_walls([Order("厅", "000", "值班", LATER, scene="command")])
    ledger.order_walls([Order("厅", "000", "值班", NOW), Order(ALL, "000", "值班", LATER, scene="overview")])
    with ledger.read(COUNTY) as snapshot:
        found = [(order["wall"], order["scene"]) for order in snapshot.walls.orders()]
    assert found == [("厅", None), (ALL, "overview")]
    assert len(visible(ledger, COUNTY)) == 3
    ledger.close()


def test_no_wall_is_sent_beyond_its_own_scope_or_by_somebody_who_does_not_see_it(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    with ledger.read(Scope.everything()) as snapshot:
        town = snapshot.grid_at(TOWN.path)
    assert town is not None
    ledger.order_walls([Order(ALL, "000", "县", LATER, path=TOWN.path, grid_code=town.code)])
    ledger.order_walls([Order("甲", TOWN.path, "镇", LATER, scene="command")])
    seen = {scope: [order["by"] for order in visible(ledger, scope)] for scope in (COUNTY, TOWN, OTHER)}
    # The county's wall is above the town's duty; the other town's wall may not see the first town.
    assert seen == {COUNTY: ["县"], TOWN: ["县", "镇"], OTHER: []}
    for scope, names in seen.items():
        with ledger.read(scope) as snapshot:
            assert [order["by"] for order in snapshot.walls.orders()] == names
    ledger.close()


def test_walls_are_listed_to_whom_their_scope_belongs_and_forgotten_after_an_hour(ledger_url: str) -> None:
    clock = Clock()
    ledger = open_town(ledger_url, clock)
    _, before = ledger.position()
    ledger.walls_seen([("厅", "000", {"scene": "overview"}), ("镇", TOWN.path, {"scene": "grids"})])
    ledger.walls_seen([("镇", TOWN.path, {"scene": "command"})])
    assert ledger.position()[1] == before, "what a wall shows is no change of the log"
    for scope, names in ((COUNTY, ["厅", "镇"]), (TOWN, ["镇"]), (OTHER, [])):
        with ledger.read(scope) as snapshot:
            assert sorted(wall.name for wall in snapshot.walls.seen()) == sorted(names)
    with ledger.read(TOWN) as snapshot:
        assert [wall.shows for wall in snapshot.walls.seen()] == [{"scene": "command"}]
    clock.now += FORGOTTEN + timedelta(seconds=1)
    ledger.walls_seen([("新", "000", {})])
    with ledger.read(COUNTY) as snapshot:
        assert [wall.name for wall in snapshot.walls.seen()] == ["新"]
    ledger.close()
