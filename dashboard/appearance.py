"""How a viewer wants the pages: which language, which theme. The address says it once, a cookie remembers it, the
configuration says what a screen has that never chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from flask import Response, request

from dashboard.languages.catalogue import LANGUAGES, Language
from data_adapters.settings import Settings

Theme = Literal["dark", "light", "auto"]
LANGUAGE_COOKIE, THEME_COOKIE = "yiping_lang", "yiping_theme"
_A_YEAR_S = 400 * 86_400
_CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "lang": (LANGUAGE_COOKIE, tuple(LANGUAGES)),
    "theme": (THEME_COOKIE, get_args(Theme)),
}


@dataclass(frozen=True, slots=True)
class Appearance:
    """One viewer's choice."""

    language: Language
    theme: Theme

    @classmethod
    def of_request(cls, settings: Settings) -> Appearance:
        """What this request asks for; what is no choice of ours is as if it were not said."""
        return cls(
            _chosen("lang") or settings.centre.language,  # type: ignore[arg-type]
            _chosen("theme") or settings.wall.theme,  # type: ignore[arg-type]
        )


def _chosen(name: str) -> str | None:
    cookie, choices = _CHOICES[name]
    for said in (request.args.get(name), request.cookies.get(cookie)):
        if said in choices:
            return said
    return None


def remember(response: Response) -> None:
    """Keep what the address said for the next visit. The page's own switches write the same cookies."""
    for name, (cookie, choices) in _CHOICES.items():
        said = request.args.get(name)
        if said in choices:
            response.set_cookie(cookie, said, max_age=_A_YEAR_S, samesite="Strict", secure=request.is_secure)
