"""The description of the live path names what is there."""

from __future__ import annotations

import importlib
import inspect
from operator import attrgetter

import pytest

from dashboard.live.pipeline import PIPELINE


@pytest.mark.parametrize("place", [place for _, place in PIPELINE])
def test_every_step_of_the_live_path_names_a_place_that_exists(place: str) -> None:
    module, _, name = place.partition(":")
    found = importlib.import_module(module)
    parent = attrgetter(name.rpartition(".")[0])(found) if "." in name else found
    # Views are made inside the function that registers them.
    source = inspect.getsource(found)
    assert hasattr(parent, name.rpartition(".")[2]) or f"def {name}(" in source
