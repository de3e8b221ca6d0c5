"""Situations for the layers' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.layers.county import County, make_county


@pytest.fixture
def county(sqlite_url: str) -> Iterator[County]:
    """A small county on a real SQLite ledger: grids, no cases, no video points."""
    county = make_county(sqlite_url)
    yield county
    county.ledger.close()
