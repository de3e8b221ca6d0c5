"""What a browser loads of `assets/`: all scripts as one file, all styles as one, each named after its content.

The name changes with the content, so a browser keeps the file for good and a second visit fetches none of them. Each
is compressed once in the life of the process, on a native thread, when somebody first asks for it that way.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from flask import Flask, Response, request

from dashboard.api.problem import answer
from dashboard.services import offload

PREFIX = "/bundle/"
FOREVER = "public, max-age=31536000, immutable"
#: Other people's scripts that ours need at once; they lead the bundle.
_FIRST = ("vendor/socket.io.min.js",)
#: Large, and only the map needs it: a file of its own, so that the panels do not wait for it.
_DRAWING = "vendor/plotly-strict.min.js"
#: Watches over the page, so it must not fall with the rest.
_WATCH = "watch/watch.js"
#: What a page to read at a desk needs of the styles.
_DESK = ("10_tokens.css", "90_sources.css")
#: What the commander's phone needs of the scripts and styles.
_REMOTE = ("00_namespace.js", "02_words.js", "30_format.js", "31_element.js", "remote/remote.js")
_REMOTE_STYLES = ("10_tokens.css", "remote/remote.css")
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=9),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}
_URL = re.compile(r'url\("/assets/([^"?]+)"\)')


@dataclass(slots=True)
class Bundle:
    """One file for the browser. ``name`` carries the first 12 hexadecimal digits of its content's BLAKE2b."""

    stem: str
    suffix: str
    body: bytes
    name: str = field(init=False)
    _packed: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = f"{self.stem}-{digest(self.body)}.{self.suffix}"

    @property
    def address(self) -> str:
        """Its path on the server."""
        return PREFIX + self.name

    @property
    def mime(self) -> str:
        """Its content type."""
        return {"js": "text/javascript", "css": "text/css"}[self.suffix] + "; charset=utf-8"

    def packed(self, encoding: str) -> bytes:
        """The body as ``br``, ``gzip`` or ``identity``."""
        if encoding not in _PACKERS:
            return self.body
        if encoding not in self._packed:
            self._packed[encoding] = offload(_PACKERS[encoding], self.body)
        return self._packed[encoding]


@dataclass(frozen=True, slots=True)
class Bundles:
    """The files of the pages; ``words`` by language, ``fonts`` addresses in the order of the style sheet."""

    scripts: Bundle
    styles: Bundle
    desk_styles: Bundle
    drawing: Bundle
    watch: Bundle
    remote: Bundle
    remote_styles: Bundle
    words: Mapping[str, Bundle]
    fonts: tuple[str, ...]

    @classmethod
    def of(cls, assets: Path, words: Mapping[str, bytes] | None = None) -> Bundles:
        """Read them, with the `words` of each language. Raises FileNotFoundError where other people's files lack."""
        styles = _styles(assets, sorted(assets.glob("*.css")))
        scripts = [*(assets / name for name in _FIRST), *sorted(assets.glob("*.js"))]
        return cls(
            Bundle("wall", "js", _joined(scripts, "\n// {}\n")),
            Bundle("wall", "css", styles),
            Bundle("desk", "css", _styles(assets, [assets / name for name in _DESK])),
            Bundle("plotly", "js", (assets / _DRAWING).read_bytes()),
            Bundle("watch", "js", (assets / _WATCH).read_bytes()),
            Bundle("remote", "js", _joined([assets / name for name in _REMOTE], "\n// {}\n")),
            Bundle("remote", "css", _styles(assets, [assets / name for name in _REMOTE_STYLES])),
            {name: Bundle(f"words-{name}", "js", body) for name, body in (words or {}).items()},
            tuple(re.findall(r'url\("([^"]+\.woff2[^"]*)"\)', styles.decode())),
        )

    def routes(self, server: Flask) -> None:
        """Serve them."""
        ours = (self.scripts, self.styles, self.desk_styles, self.remote, self.remote_styles)
        files = (*ours, self.drawing, self.watch, *self.words.values())
        known = {one.name: one for one in files}

        @server.get(f"{PREFIX}<name>")
        def bundle(name: str) -> Response:
            found = known.get(name)
            if found is None:
                return answer(404, "没有这个文件；页面是旧的，请刷新")
            encoding = request.accept_encodings.best_match([*_PACKERS, "identity"], default="identity")
            response = Response(found.packed(encoding), content_type=found.mime)
            response.headers["Content-Encoding"] = encoding
            response.headers["Vary"] = "Accept-Encoding"
            response.headers["Cache-Control"] = FOREVER
            return response


def digest(body: bytes) -> str:
    """Twelve hexadecimal digits that stand for a content."""
    return hashlib.blake2b(body, digest_size=6).hexdigest()


def _joined(paths: Iterable[Path], heading: str) -> bytes:
    return b"\n".join(heading.format(path.name).encode() + path.read_bytes() for path in paths)


def _styles(assets: Path, paths: Iterable[Path]) -> bytes:
    """Styles that name each font together with its content, so that a font too may be kept for good."""
    text = _joined(paths, "/* {} */\n").decode()
    return _URL.sub(lambda found: f'url("{_versioned(assets, found[1])}")', text).encode()


def _versioned(assets: Path, name: str) -> str:
    return f"/assets/{name}?{digest((assets / name).read_bytes())}"
