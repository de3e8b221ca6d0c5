"""The command line. Everything for people goes to standard error, `--json` to standard output."""

from __future__ import annotations

import functools
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import click
import orjson
from tqdm import tqdm

from dashboard.indicators.catalogue import Catalogue
from dashboard.scenes import Scenes
from dashboard.serve import serve as serve_forever
from data_adapters.check import check as check_sources
from data_adapters.demo.county import write_county
from data_adapters.demo.province import PLAN_FILE, write_province
from data_adapters.grid_intake import Progress
from data_adapters.ledger import Ledger
from data_adapters.ledger.high_water import HighWater
from data_adapters.report import Report
from data_adapters.settings import Settings, load
from data_adapters.suggestion import did_you_mean
from data_adapters.sync import sync as sync_sources

UNUSABLE = 2
#: Seconds between two lines about a long load.
_LINE_S = 10.0
Command = Callable[..., int | None]

config_option = click.option(
    "--config",
    default="yiping.toml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="配置文件",
)
json_option = click.option("--json", "as_json", is_flag=True, help="在标准输出写一个 JSON 对象")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--debug", is_flag=True, help="出错时给出完整的调用栈")
@click.version_option(package_name="yiping", message="%(version)s")
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """一屏：社会治理指挥调度大屏。"""
    context.obj = debug


def guarded(command: Command) -> Callable[..., None]:
    """Make a command end with its return value as exit code, and an error with one line and code 2."""

    @click.option("--debug", is_flag=True, help="出错时给出完整的调用栈")
    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, /, *arguments: Any, debug: bool, **options: Any) -> None:
        try:
            code = command(*arguments, **options) or 0
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if debug or context.obj:
                traceback.print_exc()
            else:
                click.echo(f"错误：{_one_line(error)}", err=True)
            code = UNUSABLE
        context.exit(code)

    return run


@main.command()
@click.argument("path", default="yiping.toml", type=click.Path(path_type=Path))
@guarded
def init(path: Path) -> int:
    """写一个带注释的 yiping.toml，从它开始改。"""
    if path.is_dir():
        path = path / "yiping.toml"
    text = resources.files("dashboard").joinpath("yiping.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"错误：{path} 已存在，没有改动；请换一个路径", err=True)
        return 1
    click.echo(f"已写入 {path}，改好后运行 yiping check --config {path}", err=True)
    return 0


@main.command()
@config_option
@json_option
@guarded
def check(config: Path, as_json: bool) -> int:
    """读所有来源，不写任何东西：接受和拒绝了哪些行、为什么。"""
    settings = _settings(config)
    with _progress() as progress:
        report = check_sources(settings, progress)
    code = _tell(report, as_json)
    lost = [] if report.grid_codes is None else _scenes(settings).unknown_grids(report.grid_codes)
    for line in lost:
        click.echo(f"错误：{config} {line}", err=True)
    return UNUSABLE if lost else code


@main.command()
@config_option
@json_option
@click.option("--source", help="只读这一个来源")
@guarded
def sync(config: Path, as_json: bool, source: str | None) -> int:
    """读来源，写入库；可以重复运行。"""
    settings = _settings(config)
    names = [known.name for known in settings.sources]
    if source is not None and source not in names:
        raise ValueError(f"{config}：没有名为 {source!r} 的来源{did_you_mean(source, names)}")
    ledger = open_ledger(settings)
    try:
        with _progress() as progress:
            report = sync_sources(settings, ledger, source, progress)
    finally:
        ledger.close()
    return _tell(report, as_json)


@main.command()
@config_option
@guarded
def restored(config: Path) -> None:
    """恢复备份之后：给变更日志换一代，所有大屏重新载入。平时会自己发现，旁边的 .shown 文件没有了时才需要。"""
    ledger = open_ledger(load(config))
    try:
        epoch, top = ledger.renew_epoch(ledger.position()[0])
    finally:
        ledger.close()
    click.echo(f"变更日志已换代：{epoch}，末尾是 {top}", err=True)


@main.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="监听端口")
@guarded
def serve(config: Path, host: str, port: int) -> None:
    """用生产服务器提供大屏，并按各来源自己的周期拉取。"""
    serve_forever(_settings(config), config.resolve(), host, port)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="监听端口")
@click.option("--data", type=click.Path(path_type=Path), help="演示中心的目录，默认在用户数据目录")
@click.option(
    "--scale", type=click.Choice(["county", "province"]), default="county", show_default=True, help="规模"
)
@click.option("--store", help="省的库地址，如 postgresql+psycopg://…；默认是演示目录里的 SQLite")
@click.option(
    "--speed", type=click.FloatRange(0.1, 10_000), default=1.0, show_default=True, help="上游的倍速"
)
@guarded
def demo(host: str, port: int, data: Path | None, scale: str, store: str | None, speed: float) -> None:
    """造一个演示县（合成数据），打开它的大屏，并让模拟的上游继续上报。省要造二十分钟左右，中断后再运行会接着造。"""
    whole = scale == "province"
    folder = (data or _user_data() / ("demo-province" if whole else "demo")).expanduser().resolve()
    config = folder / "yiping.toml"
    if config.exists() and whole != (folder / PLAN_FILE).exists():
        raise ValueError(f"{folder}：里面是另一种规模的演示，请用 --data 换一个目录")
    if not config.exists() and whole:
        with _progress() as progress:
            write_province(folder, store=store, now=datetime.now(UTC), progress=progress)
    elif not config.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _progress() as progress:
            write_county(folder, now=datetime.now(UTC), progress=progress)
    settings = load(config)
    ledger = open_ledger(settings)
    try:
        states = [ledger.source_state(source.name) for source in settings.sources]
        if any(state is None or state.last_ok_at is None for state in states):
            with _progress() as progress:
                sync_sources(settings, ledger, None, progress)
    finally:
        ledger.close()
    serve_forever(settings, config, host, port, feed_folder=folder, speed=speed)


def _user_data() -> Path:
    """The user's data directory (XDG base directories)."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "yiping"


def _settings(config: Path) -> Settings:
    """The configuration, its indicators and scenes checked as well. Raises `SettingsError`."""
    settings = load(config)
    _scenes(settings)
    return settings


def _scenes(settings: Settings) -> Scenes:
    return Scenes.of(settings, Catalogue.of(settings))


def open_ledger(settings: Settings) -> Ledger:
    """The ledger at the configured address, its tables brought up to date."""
    ledger = Ledger.open(
        settings.store.url,
        timezone=settings.centre.timezone,
        root=settings.centre.root,
        policies=settings.policies,
    )
    # Before anything new is written: it would take the numbers of what a restored backup has lost.
    HighWater(settings.high_water).renew_if_restored(ledger)
    return ledger


def _tell(report: Report, as_json: bool) -> int:
    click.echo(report.as_text(), err=True)
    if as_json:
        click.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
    return report.exit_code


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar a source on a terminal; elsewhere, where a long load is followed in a log, a line now and then."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    bars: dict[str, tqdm[Any]] = {}

    def show(source: str, read: int, total: int | None) -> None:
        for name, bar in bars.items():
            if name != source:
                bar.close()
        if source not in bars:
            bars[source] = tqdm(desc=source, total=total, unit="行", file=sys.stderr)
        bars[source].update(read - bars[source].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


def _lines() -> Progress:
    """Tells of what takes longer than `_LINE_S`, and once more when all of it is there."""
    since: dict[str, float] = {}
    spoken: set[str] = set()

    def show(source: str, read: int, total: int | None) -> None:
        now = time.monotonic()
        over = source in spoken and read == total
        if now - since.setdefault(source, now) > _LINE_S or over:
            since[source] = now
            (spoken.discard if over else spoken.add)(source)
            click.echo(f"{source} {read:,}" + (f" / {total:,}" if total is not None else ""), err=True)

    return show


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    main()
