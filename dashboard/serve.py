"""The production server: one process on gevent, which serves pages, API and sockets, and minds the sources."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click
import gevent
from gevent import pywsgi, subprocess
from gevent.event import Event

from dashboard.app import create_app
from dashboard.schedule import Schedule
from dashboard.services import Services
from dashboard.warnings.watch import Watch
from data_adapters.ledger import Ledger
from data_adapters.settings import Settings

_TOKEN_LENGTH = 16


def serve(
    settings: Settings,
    config: Path,
    host: str,
    port: int,
    *,
    feed_folder: Path | None = None,
    speed: float = 1.0,
) -> NoReturn:
    """Serve until SIGTERM or SIGINT. With `feed_folder` the demo's simulated upstream plays on at `speed`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    _warn_of_short_tokens(settings)
    ledger = Ledger.open(
        settings.store.url,
        timezone=settings.centre.timezone,
        root=settings.centre.root,
        policies=settings.policies,
        prompt=True,
    )
    services = Services(settings, ledger, speed=speed if feed_folder is not None else None)
    server, _ = create_app(services)
    listener = pywsgi.WSGIServer((host, port), server, log=None, error_log=logging.getLogger("yiping.http"))
    try:
        listener.start()
    except OSError as error:
        ledger.close()
        raise click.ClickException(f"无法在 {host}:{port} 监听：{error.strerror}；请换一个 --port") from None
    # Inherited by every connection: a small answer must not wait for the other side's delayed acknowledgement.
    listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _warn_of_lost_grids(services)
    schedule = Schedule(services, config)
    children: list[subprocess.Popen] = []
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopping.set)
    # Sockets are refused until the end of the log is known, so that nobody is told a wrong place.
    if services.feed is not None:
        services.feed.start()
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - only compared
    click.echo(f"一屏已就绪：http://{shown}:{port}/", err=True)
    schedule.start()
    Watch(services).start()
    threading.Thread(target=_warm, args=(services,), daemon=True).start()
    if feed_folder is not None:
        command = [sys.executable, "-m", "data_adapters.demo.feed", "--url", f"http://127.0.0.1:{port}"]
        children.append(subprocess.Popen([*command, "--folder", str(feed_folder), "--speed", str(speed)]))
    stopping.wait()
    schedule.stop()
    for child in children:
        child.terminate()
    listener.stop(timeout=2)
    ledger.close()
    _leave()


def _warm(services: Services) -> None:
    services.warm()
    # What is there now stays: to look it through for what can be freed would hold up every viewer for some 0.15 s, now
    # and then.
    gc.collect()
    gc.freeze()


def _leave() -> NoReturn:
    """End the process with 0, at once.

    A thread that is still reading may stand inside C++; the interpreter's own end would throw it out of there, and that
    aborts the process.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _warn_of_lost_grids(services: Services) -> None:
    """A scene whose grid is not there (any more) is no reason for a wall not to come up: the page says so as well."""
    codes = services.ledger.atlas().by_code
    for line in services.scenes.unknown_grids(codes) if codes else ():
        click.echo(f"提醒：{line}", err=True)


def _warn_of_short_tokens(settings: Settings) -> None:
    tokens = [("[[displays]] " + display.name, display.token) for display in settings.displays]
    tokens += [("[api] tokens", token) for token in settings.api.tokens]
    for where, token in tokens:
        if len(token) < _TOKEN_LENGTH:
            click.echo(
                f"提醒：{where} 的令牌只有 {len(token)} 个字符，容易被猜到，应不少于 {_TOKEN_LENGTH} 个",
                err=True,
            )
