"""A skeleton of Dash components in another language: every text and every label that a person reads or hears."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from dashboard.languages.catalogue import Words

_READ = ("title", "aria-label", "alt", "placeholder", "label")


def translated(node: Any, words: Words) -> Any:
    """`node` with its words put in place; nothing to do for the language it was written in."""
    if not words:
        return node
    if isinstance(node, str):
        return words.told(node)
    if isinstance(node, list | tuple):
        return [translated(child, words) for child in node]
    if isinstance(node, Component):
        for name in _READ:
            said = getattr(node, name, None)
            if isinstance(said, str):
                setattr(node, name, words.told(said))
        children = getattr(node, "children", None)
        if children is not None:
            node.children = translated(children, words)
    return node
