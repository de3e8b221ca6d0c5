"""What the live feed is measured beside delivers what is posted to it, to every wall."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench import centre, live


@pytest.mark.parametrize("mode", ["gevent", "threading"])
def test_a_plain_emit_reaches_every_wall(mode: str) -> None:
    port = centre.free_port()
    with centre.running(["bench.plain", str(port), mode], port):
        command = [sys.executable, "-m", "bench.walls", str(port), "3"]
        with subprocess.Popen(
            command, cwd=centre.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as walls:
            assert walls.stdout is not None
            assert walls.stdout.readline() == "ready\n"
            producer = centre.Producer(port, live.singles(4), 0.2)
            producer.start()
            producer.join()
            answer, _ = walls.communicate("report\n", timeout=60)
    assert producer.accepted == 4
    assert '"deliveries":12,"frames":12,"lost":0' in answer
