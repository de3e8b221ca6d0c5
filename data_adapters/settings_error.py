"""An error in the configuration file, as one line for the person who wrote it."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ValidationError

from data_adapters.suggestion import did_you_mean
from data_adapters.toml_lines import Path as KeyPath
from data_adapters.toml_lines import line_of

_WORDS = {
    "missing": "缺少必填项",
    "string_type": "应为文本",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "bool_type": "应为 true 或 false",
    "list_type": "应为列表",
    "dict_type": "应为表",
    "model_type": "应为表",
    "path_type": "应为文件路径",
    "string_too_short": "太短，至少 {min_length} 个字符",
    "string_too_long": "太长，最多 {max_length} 个字符",
    "too_short": "至少要有 {min_length} 项",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "string_pattern_mismatch": "含有不能用的字符，应为字母、数字、汉字、点、短横",
    "literal_error": "应为 {expected} 之一",
}

#: Lists of tables, and the key by which each of them is known.
_NAMED = {"sources": "name", "displays": "name", "indicators": "id", "scenes": "id"}


class SettingsError(ValueError):
    """The configuration cannot be used. ``str(error)`` is one line: file, line, key, what would be right."""

    @classmethod
    def at(cls, path: Path, lines: dict[KeyPath, int], key: KeyPath, reason: str) -> Self:
        """An error at a key of the file."""
        line = line_of(lines, key)
        where = f"{path}" if line is None else f"{path}:{line}"
        named = _dotted(key)
        return cls(f"{where} {named}：{reason}" if named else f"{where}：{reason}")


def first_fault(
    error: ValidationError, raw: dict[str, Any], path: Path, lines: dict[KeyPath, int], model: type[BaseModel]
) -> str:
    """The first thing that is wrong, as one line; a key nobody knows comes with the nearest one."""
    fault = error.errors()[0]
    key = _in_file(tuple(fault["loc"]), raw)
    context = fault.get("ctx", {})
    if fault["type"] == "extra_forbidden":
        reason = f"未知的键{did_you_mean(str(key[-1]), _known_keys(model, key[:-1]))}"
    elif fault["type"] == "value_error":
        reason = str(context["error"])
    else:
        reason = _WORDS.get(fault["type"], fault["msg"]).format(**context)
    if key and isinstance(key[0], str) and key[0] in _NAMED and len(key) > 1:
        reason = _named(raw, key) + reason
    return str(SettingsError.at(path, lines, key, reason))


def _in_file(loc: KeyPath, raw: Any) -> KeyPath:
    """`loc` without the steps that pydantic adds for unions and that are not in the file."""
    kept: list[str | int] = []
    value = raw
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(value, dict) and (part in value or last):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        kept.append(part)
    return tuple(kept)


def _named(raw: dict[str, Any], key: KeyPath) -> str:
    table = raw.get(str(key[0]))
    if isinstance(table, list) and isinstance(key[1], int) and isinstance(table[key[1]], dict):
        name = table[key[1]].get(_NAMED[str(key[0])])
        return f"（{name}）" if isinstance(name, str) else ""
    return ""


def _known_keys(model: Any, path: KeyPath) -> list[str]:
    """The keys the model knows at `path`."""
    for part in path:
        if isinstance(part, str) and isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(part)
            model = _table_in(field.annotation) if field else None
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _table_in(annotation: Any) -> Any:
    """The model inside list[…], dict[…], Annotated[…] or a union."""
    inside = typing.get_args(annotation)
    if not inside:
        return annotation
    for inner in inside:
        found = _table_in(inner)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return None


def _dotted(key: KeyPath) -> str:
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
