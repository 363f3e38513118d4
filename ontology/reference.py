"""The tables of `docs/guides/ontology.md`, written from the ontology itself: `python -m ontology.reference docs/guides/ontology.md`.

What stands between the two marks of that file is replaced; a test fails when it is not what this would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import isnan
from pathlib import Path

import pyoxigraph as ox

from ontology.namespaces import DCX, compact, local_name
from ontology.supply import DOWN, FED, OFF, OPENED, OUT, UNFED, UP, ClassSupply, DefaultValue
from ontology.units import unit_of, units
from ontology.vocabulary import Vocabulary, load_vocabulary, shapes_file

BEGIN = "<!-- tables: written by `python -m ontology.reference` -->"
END = "<!-- end of tables -->"
_HELD_TO = (("minValue", ""), ("maxValue", ""), ("maxRate", "/s"), ("maxStandstill", "s"))
"""The properties that bound what a sensor reads, and what follows their unit."""
_ROOTS = (
    "brick:Point",
    "brick:Electrical_Equipment",
    "brick:HVAC_Equipment",
    "brick:ICT_Equipment",
    "brick:Equipment",
    "rec:Space",
    "rec:Collection",
    "rec:Information",
    "ref:ExternalReference",
)
_FLAGS = ("is_storage", "is_conduit", "is_switch", "is_failure_unit", "supplies_parts", "rejects_heat")
_SH = "http://www.w3.org/ns/shacl#"


def tables(vocabulary: Vocabulary) -> str:
    """All tables as Markdown, equal for equal ontologies."""
    parts = (_classes(vocabulary), _properties(vocabulary), _supply(vocabulary), _checks(vocabulary), _rules(), _units())
    return "\n".join(parts)


def renewed(page: str, vocabulary: Vocabulary) -> str:
    """A page with its tables as they should be. Raises `ValueError` when the page lacks the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks its marks: it must hold {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{tables(vocabulary)}\n{END}{after}"


def _classes(vocabulary: Vocabulary) -> str:
    own = [c for c in vocabulary.classes.values() if c.iri.startswith(DCX)]

    def root(iri: str) -> str:
        above = [compact(c) for c in vocabulary.superclasses(iri)]
        return next((r for r in _ROOTS if r in above), "others")

    out = ["## Classes", ""]
    by_root = sorted(own, key=lambda c: ((*_ROOTS, "others").index(root(c.iri)), c.iri))
    for name, group in groupby(by_root, key=lambda c: root(c.iri)):
        rows = [
            (
                f"`{compact(c.iri)}`",
                ", ".join(f"`{compact(s)}`" for s in c.superclasses),
                _meaning(c.definition, c.alternatives),
                *c.sources,
            )
            for c in group
        ]
        out += [
            f"### {'Under ' if name != 'others' else ''}{name}",
            "",
            *_table(("class", "directly under", "meaning", "source"), rows),
            "",
        ]
    return "\n".join(out)


def _meaning(definition: str, alternatives: Sequence[str]) -> str:
    return f"{definition} Also: {', '.join(alternatives)}." if alternatives else definition


def _properties(vocabulary: Vocabulary) -> str:
    rows = [
        (f"`{compact(p.iri)}`", _names(p.domains), _names(p.ranges), p.definition)
        for p in vocabulary.properties.values()
        if p.iri.startswith(DCX)
    ]
    return "\n".join(["## Properties", "", *_table(("property", "of", "to", "meaning"), rows), ""])


def _supply(vocabulary: Vocabulary) -> str:
    said = vocabulary.supply.said
    rows = [
        (f"`{compact(iri)}`", _media(own.hands_on), _media(own.takes_in), _media(own.source_of), _needs(own), _flags(own))
        for iri, own in sorted(said.items(), key=lambda item: compact(item[0]))
    ]
    head = ("class", "hands on", "takes in", "source of", "needs", "is")
    return "\n".join(["## Defaults of the supply model", "", *_table(head, [row for row in rows if any(row[1:])]), ""])


def _checks(vocabulary: Vocabulary) -> str:
    rows = []
    for iri, own in sorted(vocabulary.supply.said.items(), key=lambda item: compact(item[0])):
        held = {value.property: value for value in own.values}
        told = [_bound(held.get(DCX + name), per) for name, per in _HELD_TO]
        if any(told):
            rows.append((f"`{compact(iri)}`", *told))
    return "\n".join(
        ["## What a sensor is held to", "", *_table(("class", "at least", "at most", "moves at most", "stands at most"), rows), ""]
    )


def _bound(value: DefaultValue | None, per: str) -> str:
    if value is None:
        return ""
    unit = f" {unit_of(value.unit).symbol}{per}".rstrip() if value.unit else " s" if per == "s" else ""
    return f"{value.low:,.10g}{unit}"


def _rules() -> str:
    shapes = "https://w3id.org/ridethrough/shapes#"
    store = ox.Store()
    store.load(path=shapes_file(), format=ox.RdfFormat.TURTLE)
    messages: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(_SH + "message"), None):
        node = quad.subject
        while isinstance(node, ox.BlankNode):
            node = next(iter(store.quads_for_pattern(None, None, node))).subject
        if isinstance(node, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            messages.setdefault(node.value.removeprefix(shapes), []).append(quad.object.value)
    rows = [
        (f"`{code}`", *(part.strip() for part in said.split("→"))) for code, texts in sorted(messages.items()) for said in sorted(texts)
    ]
    return "\n".join(["## What a data-center model must have", "", *_table(("rule", "what is wrong, and why", "what to do"), rows), ""])


def _units() -> str:
    rows = [
        (kind, ", ".join(f"`unit:{u.name}`" + (f" ({u.symbol})" if u.symbol else "") for u in group))
        for kind, group in groupby(units(), key=lambda u: u.kind)
    ]
    return "\n".join(["## Units", "", *_table(("kind", "units"), rows), ""])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [_row(head), _row(["---"] * len(head))]
    return lines + [_row([*row, *[""] * (len(head) - len(row))]) for row in rows]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _names(iris: Iterable[str]) -> str:
    return ", ".join(f"`{compact(iri)}`" for iri in iris)


def _media(iris: frozenset[str] | None) -> str:
    return "" if iris is None else ", ".join(local_name(iri) for iri in sorted(iris)) or "nothing"


def _needs(own: ClassSupply) -> str:
    needs = own.requirements or ()
    return ", ".join(f"{'all' if n.all_of else n.at_least} of {local_name(n.medium)}" for n in needs)


def _flags(own: ClassSupply) -> str:
    said = {name: getattr(own, name) for name in _FLAGS}
    words = [("" if value else "not ") + _WORDS[name] for name, value in said.items() if value is not None]
    if own.default_position is not None:
        words.append(f"normally {local_name(own.default_position).lower()}")
    for sign, word in _SAYS.items():
        if (value := own.signs.get(sign)) is not None:
            words.append(f"never says {word}" if isnan(value) else f"says {word} at {value:g}")
    if own.down_above is not None:
        words.append(f"says down above the {local_name(own.down_above[0])}")
    if own.says_of is not None:
        words.append(f"of {_media(own.says_of)}")
    return ", ".join(words)


_SAYS = {OUT: "out of service", OFF: "off", DOWN: "down", UP: "up", UNFED: "unfed", FED: "fed", OPENED: "opened"}
_WORDS = {
    "is_storage": "a storage",
    "is_conduit": "a conduit",
    "is_switch": "a switch",
    "is_failure_unit": "a failure unit",
    "supplies_parts": "a supplier of its parts",
    "rejects_heat": "cooled by sinks, not by returns",
}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(renewed(page.read_text(encoding="utf-8"), load_vocabulary()), encoding="utf-8")
