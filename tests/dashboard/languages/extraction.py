"""Every Chinese text that a viewer may see, found in the sources: what a language has to have words for.

Python: every string and f-string (as a pattern, ``{0}``, ``{1}`` … for its values) outside docstrings and errors.
Scripts: what is given to ``t("…")``. Of sources and their rows errors are shown, too: `report_texts`.
`python -m tests.dashboard.languages.extraction` lists what has no English.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "assets"
CHINESE = re.compile(r"[\u3400-\u9fff]")
WIDE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
#: What goes to a terminal, a log, another program, a file of the upstream or an operator's console, not to a page.
NOT_ON_A_PAGE = (
    "dashboard/api/",
    "dashboard/cli.py",
    "dashboard/live/",
    "dashboard/access.py",
    "dashboard/app.py",
    "dashboard/bundle.py",
    "dashboard/lane.py",
    "dashboard/pulse.py",
    "dashboard/scenes.py",  # a scene brings its English title
    "dashboard/schedule.py",
    "dashboard/serve.py",
    "dashboard/warnings/watch.py",
)
#: Below the dashboard, what a page shows all the same.
ON_A_PAGE = (
    "layers/",
    "data_adapters/records/dictionary.py",
    "data_adapters/records/workdays.py",
    *(
        f"dashboard/api/{name}.py"
        for name in ("boards", "cases", "flow", "honesty", "loop", "parts", "steps6")
    ),
)
#: Of the adapters, what says nothing of a source or its rows: what is configured is answered on a terminal.
NOT_OF_A_SOURCE = (
    "data_adapters/demo/",
    "data_adapters/ledger/",
    "data_adapters/records/dictionary.py",
    "data_adapters/records/workdays.py",
    "data_adapters/records/span.py",
    "data_adapters/case_table.py",
    "data_adapters/duration.py",
    "data_adapters/failpoint.py",
    "data_adapters/http_settings.py",
    "data_adapters/indicator_settings.py",
    "data_adapters/map_settings.py",
    "data_adapters/scene_settings.py",
    "data_adapters/settings.py",
    "data_adapters/settings_error.py",
    "data_adapters/stream_settings.py",
    "data_adapters/sum_of_counts.py",
)
#: Functions that write for a terminal, and constants that are read, not shown.
FOR_A_TERMINAL = {"_source_text", "_note_text", "_rows"}
READ_NOT_SHOWN = {"_FALSE", "_TRUE", "_MONTH", "_HANZI", "_PATTERNS", "_NOTHING", "_ORACLE"}
#: Functions whose words are errors or go to the log, and those whose second word is the name of an indicator, which
#: brings its English.
ERRORS = {"Problem", "answer", "note_failure", "SettingsError", "ValueError", "warning"}
_T = re.compile(r'(?<![\w.])(?:Wall\.)?t\(\s*"((?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r"(?m)(?:^|(?<=[\s;{}(]))//[^\n]*$|/\*.*?\*/", re.DOTALL)


def python_texts() -> dict[str, str]:
    """text -> the file that shows it."""
    found: dict[str, str] = {}
    for path in sorted(
        [*ROOT.glob("dashboard/**/*.py"), *ROOT.glob("layers/*.py"), *ROOT.glob("data_adapters/**/*.py")]
    ):
        name = path.relative_to(ROOT).as_posix()
        shown = name.startswith("dashboard/") and not name.startswith(NOT_ON_A_PAGE)
        if shown or name.startswith(ON_A_PAGE):
            for text in _texts(ast.parse(path.read_text("utf-8"))):
                found.setdefault(text, name)
    return found


def _scripts() -> list[Path]:
    return sorted([*ASSETS.glob("*.js"), *ASSETS.glob("remote/*.js")])


def script_texts() -> dict[str, str]:
    """text -> the script that shows it."""
    found: dict[str, str] = {}
    for path in _scripts():
        for text in _T.findall(_COMMENT.sub("", path.read_text("utf-8"))):
            found.setdefault(ast.literal_eval(f'"{text}"'), path.name)
    return found


def bare_texts() -> list[str]:
    """Chinese in scripts and styles that does not go through ``t("…")``: nobody could translate it."""
    bare = []
    for path in [*_scripts(), *sorted(ASSETS.glob("*.css"))]:
        rest = _COMMENT.sub("", _T.sub("", path.read_text("utf-8")))
        bare += [f"{path.name}: {line.strip()}" for line in rest.splitlines() if CHINESE.search(line)]
    return bare


def data_texts() -> dict[str, str]:
    """Words that come with the demo's settings and the usual dictionaries, for which the page has English as well."""
    from data_adapters.demo import vocabulary  # noqa: PLC0415
    from data_adapters.records import dictionary  # noqa: PLC0415

    usual = (*vocabulary.LEVEL_NAMES, *vocabulary.PROVINCE_LEVELS, "街道", "村", "社区", "组", "小区", "楼栋")
    units = {"分": "the unit of scores"}
    levels = dict.fromkeys(usual, "levels")
    return levels | units | dict.fromkeys(dictionary.CATEGORY_LIST_A, "categories")


def template_texts() -> dict[str, str]:
    """What a template gives to ``t("…")``."""
    found: dict[str, str] = {}
    for path in sorted(ROOT.glob("dashboard/**/*.html")):
        for text in _T.findall(path.read_text("utf-8")):
            found.setdefault(text, path.name)
    return found


def report_texts() -> dict[str, str]:
    """What the adapters say of a source and its rows on `/sources`: text -> the file that says it."""
    from data_adapters.records import dictionary  # noqa: PLC0415

    found: dict[str, str] = {}
    for path in sorted(ROOT.glob("data_adapters/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(NOT_OF_A_SOURCE):
            tree = ast.parse(path.read_text("utf-8"))
            tree.body = [one for one in tree.body if not _aside(one)]
            for text in _texts(tree, errors=True):
                found.setdefault(text, name)
    return {text: name for text, name in found.items() if text not in dictionary.CATEGORY_LIST_A}


def _aside(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in FOR_A_TERMINAL
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(one, ast.Name) and one.id in READ_NOT_SHOWN for one in targets)


def everything() -> dict[str, str]:
    """All of them."""
    from dashboard.indicators.catalogue import CATALOGUE  # noqa: PLC0415

    named = {one.label for one in CATALOGUE}  # an indicator brings its English name
    found = data_texts() | template_texts() | script_texts() | python_texts()
    return {text: name for text, name in found.items() if text not in named}


def _texts(tree: ast.Module, *, errors: bool = False) -> Iterator[str]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                body.pop(0)
        if isinstance(node, ast.Module | ast.ClassDef):
            _drop_notes(node)
    yield from _below(tree, errors)


def _drop_notes(node: ast.Module | ast.ClassDef) -> None:
    node.body = [
        one for one in node.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
    ]


def _below(node: ast.AST, errors: bool) -> Iterator[str]:
    if isinstance(node, ast.Raise) and not errors:
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        logs = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "_log"
        if logs or (name in ERRORS and not errors):
            return
        if name == "Indicator":
            node.args = [one for at, one in enumerate(node.args) if at != 1]
        if (
            name == "join"
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Constant)
        ):
            mark = node.func.value.value
            if isinstance(mark, str) and WIDE.search(mark):
                yield f"{{0}}{mark}{{1}}"
            node.func = ast.Name("join")
    if isinstance(node, ast.JoinedStr):
        yield from _pattern(node, errors)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and CHINESE.search(node.value):
            yield _numbered(node.value.strip())
        return
    for child in ast.iter_child_nodes(node):
        yield from _below(child, errors)


def _numbered(text: str) -> str:
    """A text for `str.format`: its named values as those of an f-string, and its braces as they come out."""
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", text))
    for at, name in enumerate(names):
        text = text.replace(f"{{{name}}}", f"{{{at}}}")
    return text.replace("{{", "{").replace("}}", "}")


def _pattern(node: ast.JoinedStr, errors: bool) -> Iterator[str]:
    text, holes = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            text += f"{{{holes}}}"
            holes += 1
            yield from _below(part.value, errors)
    if WIDE.search(text):
        yield text


def main() -> None:
    """List what has no English and what English nobody asks for."""
    from dashboard.languages.catalogue import written  # noqa: PLC0415

    for have, need in ((written("en"), everything()), (written("en", sources=True), report_texts())):
        for text, name in need.items():
            if text not in have:
                print(f"missing  {name}: {text}")
        for text in have:
            if text not in need:
                print(f"unused   {text}")
    for line in bare_texts():
        print(f"bare     {line}")


if __name__ == "__main__":
    main()
