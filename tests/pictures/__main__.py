"""``python -m tests.pictures``: every scene of the demo county at every size, in both languages and themes, into
``build/pictures``, each measured; ``--docs`` renews those of the documents. The exit code is 1 where one has a fault.
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.fixtures.browser import ARGUMENTS, chromium
from tests.fixtures.port import free_port
from tests.pictures import measure

ROOT = Path(__file__).parents[2]
BUILD, DOCS = ROOT / "build" / "pictures", ROOT / "docs" / "pictures"
READY_S = 900
NARROW, ULTRA_WIDE = (1080, 1920), (7680, 1440)
#: What the documents show: (scene, size); Chinese, dark. Wider ones are made smaller.
SHOWN = [((1920, 1080), None), (NARROW, "overview"), (ULTRA_WIDE, "overview")]
DOCS_PX = 1_920
_WEBP = """async ([source, most]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const ratio = Math.min(1, most / image.width);
  const canvas = new OffscreenCanvas(image.width * ratio, image.height * ratio);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
}"""


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument(
        "--url", help="a wall that runs already; otherwise the demo county is served for the occasion"
    )
    parser.add_argument("--scenes", help="comma-separated; all by default")
    parser.add_argument("--sizes", help="comma-separated, as 1920x1080; all five by default")
    parser.add_argument("--languages", default=",".join(measure.LANGUAGES))
    parser.add_argument("--themes", default=",".join(measure.THEMES))
    parser.add_argument("--docs", action="store_true", help="renew docs/pictures as well")
    chosen = parser.parse_args(arguments)
    BUILD.mkdir(parents=True, exist_ok=True)
    with _wall(chosen.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        bad = sum(_album(browser, url, language, chosen) for language in chosen.languages.split(","))
        browser.close()
    print(f"{bad} pictures with a fault" if bad else "no faults")
    return 1 if bad else 0


def _album(browser: Browser, url: str, language: str, chosen: argparse.Namespace) -> int:
    """All pictures of one language; how many have a fault."""
    bad = 0
    sizes = [_size(one) for one in chosen.sizes.split(",")] if chosen.sizes else measure.SIZES
    page = browser.new_page(locale="zh-CN", timezone_id="Asia/Shanghai")
    measure.open_wall(page, url, lang=language, theme=chosen.themes.split(",")[0])
    scenes = (
        chosen.scenes.split(",") if chosen.scenes else page.evaluate("Wall.scenes.all().map((one) => one.id)")
    )
    for theme in chosen.themes.split(","):
        measure.turn_to(page, theme)
        for size in sizes:
            measure.resize(page, size)
            for scene in scenes:
                measure.show_scene(page, scene)
                found = measure.faults(page)
                bad += bool(found)
                name = f"{scene}-{size[0]}x{size[1]}-{language}-{theme}"
                file = BUILD / f"{name}.png"
                page.screenshot(path=file, full_page=not measure.is_wall(*size), timeout=180_000)
                print(
                    "\n  ".join([f"{name}: {'good' if not found else f'{len(found)} faults'}", *found]),
                    flush=True,
                )
                if chosen.docs and (language, theme) == ("zh", "dark") and _is_shown(scene, size):
                    _publish(browser, file, f"{scene}-{size[0]}x{size[1]}")
    page.close()
    return bad


def _is_shown(scene: str, size: tuple[int, int]) -> bool:
    return any(size == one and only in {None, scene} for one, only in SHOWN)


def _publish(browser: Browser, file: Path, name: str) -> None:
    """Keep a picture for the documents, small: as WebP, which the browser itself can write."""
    page: Page = browser.new_page()
    source = "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
    made: str = page.evaluate(_WEBP, [source, DOCS_PX])
    page.close()
    (DOCS / f"{name}.webp").write_bytes(base64.b64decode(made))


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


@contextmanager
def _wall(url: str | None) -> Iterator[str]:
    """The wall at `url`, or the demo county on a free port; its data stay in ``build/pictures/demo``."""
    if url is not None:
        yield url
        return
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "dashboard.cli",
        "demo",
        "--port",
        str(port),
        "--data",
        str(BUILD / "demo"),
    ]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError("the demo county did not come up; see its own words above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
