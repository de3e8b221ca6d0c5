"""The fixtures themselves: a real database server, a real browser that stays on this machine."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.fixtures.browser import OpenPage, is_outside

WEBGL = "document.createElement('canvas').getContext('webgl2') !== null"


def tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_store_of_its_own(ledger_url: str, turn: int) -> None:
    assert tables(ledger_url) == []
    engine = sa.create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE turn_{turn} (n INTEGER)"))
    engine.dispose()
    assert tables(ledger_url) == [f"turn_{turn}"]


def test_the_database_server_is_a_real_one_with_postgis_at_hand(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        assert str(connection.scalar(sa.text("SELECT version()"))).startswith("PostgreSQL")
        connection.execute(sa.text("CREATE EXTENSION postgis"))
        assert connection.scalar(sa.text("SELECT ST_Area('POLYGON((0 0,0 2,2 2,2 0,0 0))'::geometry)")) == 4
    engine.dispose()


def test_the_browser_draws_webgl_at_the_size_asked_for(open_page: OpenPage) -> None:
    page = open_page(width=3840, height=2160)
    page.goto("data:text/html,<meta charset=utf-8><title>一屏</title>")
    assert page.title() == "一屏"
    assert page.evaluate("[innerWidth, innerHeight]") == [3840, 2160]
    assert page.evaluate(WEBGL)


def test_an_error_that_a_page_throws_is_kept(open_page: OpenPage, page_errors: list[str]) -> None:
    page = open_page()
    page.goto("data:text/html,<!doctype html><script>throw new Error('broken')</script>")
    assert [error.split(": ")[-1] for error in page_errors] == ["broken"]
    page_errors.clear()


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("http://127.0.0.1:8050/assets/live.js", False),
        ("ws://localhost:8050/socket.io/?EIO=4", False),
        ("http://[::1]:8050/", False),
        ("blob:http://127.0.0.1:8050/4f1c", False),
        ("data:image/png;base64,AA==", False),
        ("https://tiles.example/1/2/3.png", True),
        ("wss://127.0.0.1.example/", True),
    ],
)
def test_only_this_machine_counts_as_inside(address: str, outside: bool) -> None:
    assert is_outside(address) is outside
