"""One language's words: Chinese text -> text, read from the gettext files ``languages/<language>/*.po``.

A sentence with values in it is kept as a pattern: ``{name}`` where a script of the page puts a value in, ``{0}``,
``{1}`` … where an f-string of the server does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

import orjson

from dashboard.indicators.catalogue import Catalogue
from dashboard.scenes import Scenes

Language = Literal["zh", "en"]
#: Ours -> as `<html lang>` has it.
LANGUAGES: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
#: The file of what is said of sources, on `/sources` alone: the scripts of the wall need not carry it.
_SOURCES = "sources.po"
_LINE = re.compile(r'^(?:(msgid|msgstr)\s+)?("(?:[^"\\]|\\.)*")$')
_HOLE = re.compile(r"\{(\w+)\}")


class Words(dict[str, str]):
    """Chinese -> this language. What is not in it stays as it is: a name of the county's own."""

    def of(self, text: str, **values: Any) -> str:
        """The text in this language, with its values put in."""
        told = self.get(text, text)
        return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), told)

    def told(self, text: str) -> str:
        """A sentence that was written with its values in it, recognised by its pattern; as `02_words.js` does it."""
        if text in self:
            return self[text]
        for key, shape in self._patterns():
            if found := shape.fullmatch(text):
                values = {str(at): self.told(value) for at, value in enumerate(found.groups())}
                return self.of(key, **values)
        return text

    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        if not hasattr(self, "_shapes"):
            keys = [key for key in self if re.search(r"\{\d\}", key)]
            # The most telling first; of two that tell the same, the one with room for more.
            keys.sort(key=lambda key: (-len(re.sub(r"\{\d\}", "", key)), -len(key)))
            self._shapes = [(key, _shape(key)) for key in keys]
        return self._shapes

    def script(self) -> bytes:
        """As the page loads them."""
        return b"globalThis.YIPING_WORDS = " + orjson.dumps(dict(self), option=orjson.OPT_SORT_KEYS) + b";\n"


def _shape(key: str) -> re.Pattern[str]:
    """Where two values stand side by side, the second is an afterthought: nothing, or begins with a wide comma."""
    first, *rest = (re.escape(part) for part in re.split(r"\{\d\}", key))
    shape = first
    for at, part in enumerate(rest):
        beside = at > 0 and not rest[at - 1]
        shape += ("((?:[，；].*)?)" if beside else "(.*?)") + part
    return re.compile(shape, re.DOTALL)


def words(language: Language, catalogue: Catalogue, scenes: Scenes) -> Words:
    """All words of one language at one centre: those of the files, and the names of its indicators and scenes."""
    if language == "zh":
        return Words()
    found = written(language)
    found |= {one.label: one.label_en for one in catalogue}
    found |= {scene.title: scene.title_en for scene in scenes if scene.title_en}
    return Words(found)


def of_sources(language: Language) -> Words:
    """The words for what is said of sources and their rows, on `/sources`."""
    return Words() if language == "zh" else Words(written(language, sources=True))


def written(language: Language, *, sources: bool = False) -> dict[str, str]:
    """What the files of a language hold, without or only with what is said of sources.

    Raises ValueError where a text is translated twice or a line is no gettext.
    """
    found: dict[str, str] = {}
    folder = resources.files("dashboard.languages").joinpath(language)
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".po") or (file.name == _SOURCES) != sources:
            continue
        for text, told in read(file.read_text(encoding="utf-8")).items():
            if text in found:
                raise ValueError(f"{file.name}: {text!r} is translated twice")
            found[text] = told
    return found


def read(text: str) -> Mapping[str, str]:
    """{msgid: msgstr} of a gettext file without plurals, contexts and the header."""
    found: dict[str, str] = {}
    entry: dict[str, str] = {}
    field = ""
    for number, line in enumerate([*map(str.strip, text.splitlines()), 'msgid ""'], 1):
        if not line or line.startswith("#"):
            continue
        parts = _LINE.match(line)
        if parts is None:
            raise ValueError(f"line {number} is no gettext: {line}")
        if parts[1] == "msgid" and entry:
            if entry["msgid"] in found:
                raise ValueError(f"line {number}: {entry['msgid']!r} is translated twice")
            found[entry["msgid"]] = entry["msgstr"]
            entry = {}
        field = parts[1] or field
        entry[field] = entry.get(field, "") + ast.literal_eval(parts[2])
    found.pop("", None)
    return found
