"""``/remote``: the commander's phone. The page is drawn by `assets/remote/remote.js` from `GET /api/v1/walls`."""

from __future__ import annotations

from importlib import resources

from flask import Flask, Response, render_template_string

from dashboard.access import commander
from dashboard.api.problem import answer
from dashboard.appearance import Appearance
from dashboard.bundle import Bundles
from dashboard.languages.catalogue import LANGUAGES
from dashboard.services import Services


def routes(server: Flask, services: Services, bundles: Bundles) -> None:
    """The page, for the duty only."""
    template = resources.files("dashboard.pages").joinpath("remote.html").read_text(encoding="utf-8")

    @server.get("/remote")
    def remote_page() -> Response:
        if commander(services) is None:
            return answer(
                401, "指挥大屏需要值班的屏（[[displays]] 里 duty = true）；未配置 [[displays]] 时只限本机"
            )
        viewer = Appearance.of_request(services.settings)
        words = bundles.words.get(viewer.language)
        page = render_template_string(
            template,
            lang=LANGUAGES[viewer.language],
            theme=viewer.theme,
            centre=services.settings.centre,
            styles=bundles.remote_styles.address,
            words=words.address if words else None,
            script=bundles.remote.address,
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-store"
        return response
