from __future__ import annotations

import pytest

from data_adapters.ledger import Scope, Snapshot
from layers.registry import Registry
from layers.tiles import tile_at
from tests.layers.county import County, a_case, a_point
from tests.layers.reading import features


def test_layers_are_known_by_the_names_of_their_addresses(county: County) -> None:
    registry = Registry(county.ledger)
    assert registry.names == ("grid", "video", "case")
    for name in registry.names:
        layer = registry.layer(name)
        assert layer is not None
        assert layer.id == name
        assert layer.title
        assert layer.unit
        assert layer.min_zoom < layer.max_zoom
    assert registry.layer("heat-of-the-moon") is None


def test_a_tile_that_does_not_exist_is_refused(county: County) -> None:
    registry = Registry(county.ledger)
    layer = registry.layer("grid")
    assert layer is not None
    with pytest.raises(ValueError, match="瓦片"):
        registry.tile(layer, Scope.everything(), 3, 8, 0)


@pytest.mark.parametrize("name", ["grid", "video", "case"])
def test_a_kept_tile_never_reaches_another_scope_and_never_outlives_a_change(
    county: County, name: str
) -> None:
    ledger, registry = county.ledger, Registry(county.ledger)
    layer = registry.layer(name)
    assert layer is not None
    places = [county.inside(f"T{t}V0") for t in range(4)]
    ledger.write_cases([a_case(n, place) for n, place in enumerate(places)])
    ledger.write_points([a_point(n, place) for n, place in enumerate(places)])
    tile = tile_at(*places[0], 6)

    def tile_of(scope: Scope) -> bytes:
        return registry.tile(layer, scope, tile.z, tile.x, tile.y)

    whole, own = tile_of(Scope.everything()), tile_of(county.scope("T0"))
    assert whole != own
    assert features(own, name)
    assert (tile_of(Scope.everything()), tile_of(county.scope("T0"))) == (whole, own)
    ledger.write_cases([a_case(9, county.inside("T0V3"), grade="MAJOR")])
    ledger.write_points([a_point(9, county.inside("T0V3"))])
    changed = tile_of(Scope.everything())
    assert (changed == whole) == (name == "grid")


def test_after_warming_up_nobody_who_asks_waits_for_the_points(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = county.inside("T0V0")
    county.ledger.write_points([a_point(1, place)])
    registry = Registry(county.ledger)
    registry.warm()
    monkeypatch.delattr(Snapshot, "points")
    at = tile_at(*place, 12)
    data = registry.tile(registry.video, Scope.everything(), at.z, at.x, at.y)
    assert [one["properties"]["point_id"] for one in features(data, "video")] == ["P1"]
