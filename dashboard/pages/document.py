"""The HTML document around the wall: Dash's own, less what this page does not use."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

from dash import Dash
from flask import Response

from dashboard.appearance import Appearance
from dashboard.bundle import Bundles
from dashboard.languages.catalogue import LANGUAGES

#: Of Dash's scripts these draw a page of plain HTML components; controls, tables and help for old browsers stay away.
_NEEDED = re.compile(r"/(?:deps/(?:react|react-dom|prop-types)@|dash-renderer/|html/)")
_TAG = re.compile(r"<script\b[^>]*></script>")
_DOCUMENT = """<!DOCTYPE html>
<html lang="{lang}" data-theme="{theme}">
  <head>
    {metas}
    <title>{title}</title>
    {favicon}
    <link rel="stylesheet" href="{styles}">
    {fonts}
    <script src="{watch}" async></script>
    <script src="{drawing}" async data-plotly></script>
  </head>
  <body>
    {app_entry}
    {config}
    {words}
    <script src="{scripts}"></script>
    {dash_scripts}
    {renderer}
  </body>
</html>"""


class WallDash(Dash):
    """Dash with our document; `bundles` and `appearance` are set before the first request."""

    bundles: Bundles
    appearance: Callable[[], Appearance]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._skeletons: dict[str, bytes] = {}

    def serve_layout(self) -> Response:
        """Dash's answer with the components of the page: the same for everybody of a language, so written once."""
        language = self.appearance().language
        if language not in self._skeletons:
            self._skeletons[language] = super().serve_layout().get_data()  # type: ignore[no-untyped-call]
        return Response(self._skeletons[language], mimetype="application/json")

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]  # as Dash's own example
        """Dash's hook for the document."""
        viewer = self.appearance()
        words = self.bundles.words.get(viewer.language)
        fonts = (
            f'<link rel="preload" as="font" type="font/woff2" href="{font}" crossorigin>'
            for font in self.bundles.fonts
        )
        return _DOCUMENT.format(
            lang=LANGUAGES[viewer.language],
            theme=viewer.theme,
            words=f'<script src="{words.address}"></script>' if words else "",
            metas=parts["metas"],
            title=escape(parts["title"]),
            favicon=parts["favicon"],
            app_entry=parts["app_entry"],
            config=parts["config"],
            renderer=parts["renderer"],
            styles=self.bundles.styles.address,
            scripts=self.bundles.scripts.address,
            drawing=self.bundles.drawing.address,
            watch=self.bundles.watch.address,
            fonts="\n    ".join(fonts),
            dash_scripts="\n    ".join(tag for tag in _TAG.findall(parts["scripts"]) if _NEEDED.search(tag)),
        )
