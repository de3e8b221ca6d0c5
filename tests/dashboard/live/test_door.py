"""How often one address may knock at the live feed."""

from __future__ import annotations

from typing import Any

from dashboard.live import door as module
from dashboard.live.door import KNOCKS_AT_ONCE, KNOCKS_PER_S, Door


class Knocker:
    """Knocks, and notes the status; `now` is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.door = Door(self._app, lambda: self.now)

    def _app(self, _environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    def knock(self, address: str, path: str = "/socket.io/", forwarded: str | None = None) -> str:
        statuses: list[str] = []
        environ = {"PATH_INFO": path, "REMOTE_ADDR": address}
        if forwarded is not None:
            environ["HTTP_X_FORWARDED_FOR"] = forwarded
        list(self.door(environ, lambda status, _headers: statuses.append(status[:3])))  # type: ignore[arg-type,func-returns-value]
        return statuses[0]


def test_who_knocks_too_fast_is_told_to_come_again_and_nobody_else() -> None:
    here = Knocker()
    answers = [here.knock("10.0.0.1") for _ in range(100)]
    assert answers == ["200"] * int(KNOCKS_AT_ONCE) + ["429"] * (100 - int(KNOCKS_AT_ONCE))
    assert here.knock("10.0.0.2") == "200"
    assert here.knock("10.0.0.1", "/api/v1/view") == "200"
    here.now += 1.0
    assert [here.knock("10.0.0.1") for _ in range(30)].count("200") == int(KNOCKS_PER_S)


def test_this_machine_is_not_counted_but_whoever_comes_through_a_proxy_on_it_is() -> None:
    here = Knocker()
    assert {here.knock("127.0.0.1") for _ in range(200)} == {"200"}
    through = [here.knock("127.0.0.1", forwarded="1.2.3.4, 10.0.0.9") for _ in range(60)]
    assert through.count("429") == 60 - int(KNOCKS_AT_ONCE)
    assert here.knock("10.0.0.9") == "429", "the address that the proxy itself saw"
    assert here.knock("127.0.0.1", forwarded="10.0.0.8") == "200"
    # What a client writes about itself is not believed.
    assert [here.knock("10.0.0.7", forwarded=f"10.1.1.{n}") for n in range(60)].count("429") == 20


def test_addresses_are_not_remembered_without_end() -> None:
    here = Knocker()
    for n in range(module._KEPT + 50):
        here.knock(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
    assert len(here.door._knocks) == module._KEPT
