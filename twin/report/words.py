"""The words of the page, and how text comes into it: nothing that anybody named steers the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from analytics.impact import OutcomeKind
from analytics.oneline.oneline import FAILED
from analytics.oneline.symbols import Symbol
from ontology.controls import visible
from ontology.namespaces import local_name

STATE_WORDS = {
    FAILED: "fails",
    OutcomeKind.LOST.value: "dark",
    OutcomeKind.OVERLOADED.value: "overloaded",
    OutcomeKind.NO_REDUNDANCY.value: "no redundancy",
    OutcomeKind.REDUCED.value: "reduced",
    OutcomeKind.UNAFFECTED.value: "unaffected",
}
SHORT_WORDS = {
    OutcomeKind.OVERLOADED.value: "over",
    OutcomeKind.NO_REDUNDANCY.value: "hangs",
    OutcomeKind.REDUCED.value: "less",
}
"""States as they are said where there is room for five letters; the legend says both."""
PLURALS = {
    Symbol.UTILITY: "utility feeds",
    Symbol.GENERATOR: "generators",
    Symbol.TRANSFORMER: "transformers",
    Symbol.BREAKER: "breakers",
    Symbol.DISCONNECT: "disconnects",
    Symbol.TRANSFER: "transfer switches",
    Symbol.UPS: "UPS units",
    Symbol.BUS: "boards",
    Symbol.PDU: "PDUs",
    Symbol.STRIP: "rack PDUs",
    Symbol.CHILLER: "chillers",
    Symbol.PUMP: "pumps",
    Symbol.COOLER: "coolers",
    Symbol.RACK: "racks",
    Symbol.IT: "pieces of IT equipment",
    Symbol.SERVICE: "services",
}
_NAMES = re.compile(r"\S*[:\d]\S*")
_OF_CLASS = {"ICT_Rack": "racks", "Circuit_Breaker": "breakers", "Automatic_Transfer_Switch": "transfer switches", "Busway": "busways"}


def text(said: str) -> str:
    """A text as it stands in the page, in an attribute too: no markup, no control character."""
    return escape(visible(said), quote=True)


def things(count: int, cls: str | None, symbol: Symbol | None = None) -> str:
    """So many things of a class: `9 racks`, `4 UPS modules`."""
    if symbol in PLURALS and (cls is None or symbol not in (Symbol.BUS, Symbol.UPS, Symbol.COOLER, Symbol.IT)):
        return f"{count:,} {PLURALS[symbol]}"
    name = local_name(cls) if cls else "things"
    word = _OF_CLASS.get(name) or _many(name.replace("_", " "))
    return f"{count:,} {word}"


def _many(name: str) -> str:
    """The plural of a class's name; a word of capitals stays as it is."""
    words = [word if word.isupper() else word.lower() for word in name.split()]
    last = words[-1] if words else name
    return " ".join(
        [*words[:-1], last + ("" if last.endswith("s") and last.islower() else "es" if last.endswith(("sh", "ch", "x")) else "s")]
    )


def number(value: float) -> str:
    """A count, or kW with one decimal."""
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def cut(said: str, most: int) -> str:
    """A text of at most so many characters; what is cut is shown as cut."""
    return said if len(said) <= most else said[: max(most - 1, 1)].rstrip() + "…"


def alike(texts: Iterable[str]) -> list[tuple[str, int]]:
    """The first of each kind of text that differ in names and numbers alone, and how many there are."""
    kinds: dict[str, tuple[str, int]] = {}
    for each in texts:
        kind = _NAMES.sub("", each)
        first, count = kinds.get(kind, (each, 0))
        kinds[kind] = first, count + 1
    return list(kinds.values())


def listed(names: list[str], most: int) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more:,} more"
