"""The external references of points: where the graph says that a point's value is found, and how the raw number becomes the point's own.

engineering value = raw * `dcx:scale` + `dcx:offset`, in `dcx:sourceUnit`; that converted to the point's `brick:hasUnit`. Both steps are
affine, so they are folded into one scale and one offset here, once for a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from graph.points import sample_period_s
from graph.snapshot import Snapshot
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, REF, compact
from ontology.terms import is_iri, literal, term_of
from ontology.units import conversion

UNNAMED = "[the point]"
"""Stands for the point of a statement while nobody knows which it is."""
_LOCAL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?").fullmatch
"""What may follow the prefix of a CURIE in Turtle as it stands."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference of one point: `node` is its number in the snapshot, value = raw * scale + offset in the point's own unit."""

    point: str
    node: int
    scale: float
    offset: float
    period_s: float
    unit: str = ""
    """The point's own unit, an IRI; empty for none."""

    def __post_init__(self) -> None:
        if not (isfinite(self.scale) and isfinite(self.offset)) or self.scale == 0:
            raise ValueError(f"a scale must be a number other than 0, an offset a number, not {self.scale:g} and {self.offset:g}")


@dataclass(frozen=True, slots=True)
class Unbound:
    """A reference that cannot be used: the point, where it points to, and why, with the next step."""

    point: str
    target: str
    reason: str


def references(snapshot: Snapshot, kind: str) -> tuple[Sequence[Reference], Sequence[Unbound]]:
    """Every reference of class `kind` (an IRI), in order of points, and those that cannot be used."""
    of_kind = set(snapshot.instances([kind]).tolist())
    relation = snapshot.relation(REF + "hasExternalReference")
    pairs = sorted((snapshot.key(s), s, o) for s, o in relation.pairs() if o in of_kind)
    virtual = frozenset(snapshot.relation(DCX + "formula").subjects.tolist())
    bound: list[Reference] = []
    unbound: list[Unbound] = []
    for iri, point, node in pairs:
        if not is_iri(iri):
            unbound.append(Unbound(iri, "", "the point is a blank node: give it an IRI"))
            continue
        if point in virtual:
            said = f"{compact(iri)} has a formula and takes no reading: take the reference or the dcx:formula away"
            unbound.append(Unbound(iri, snapshot.text(node, DCX + "topic") or "", said))
            continue
        try:
            scale, offset = _affine(snapshot, point, node)
            own = snapshot.one(point, BRICK + "hasUnit")
            bound.append(Reference(iri, node, scale, offset, sample_period_s(snapshot, point), "" if own is None else snapshot.key(own)))
        except (UnitError, ValueError) as error:
            unbound.append(Unbound(iri, snapshot.text(node, DCX + "topic") or "", f"{compact(iri)}: {error}"))
    return bound, unbound


def statement(kind: str, said: Mapping[str, str], point: str = "") -> str:
    """The statement, as Turtle with the known prefixes, that gives a point (IRI, "" for one that is not known) a reference of a kind (local
    name) which says texts by local names of properties."""
    texts = "".join(f" ; dcx:{name} {term_of(literal(text))}" for name, text in said.items())
    return f"{_written(point) if point else UNNAMED} ref:hasExternalReference [ a dcx:{kind}{texts} ] ."


def completed(said: str, point: str) -> str:
    """A statement with a point (IRI) where none was known."""
    return _written(point) + said.removeprefix(UNNAMED) if said.startswith(UNNAMED) else said


def _written(iri: str) -> str:
    short = compact(iri)
    return short if short != iri and _LOCAL(short.partition(":")[2]) else f"<{iri}>"


def _affine(snapshot: Snapshot, point: int, node: int) -> tuple[float, float]:
    scale, offset = snapshot.number(node, DCX + "scale"), snapshot.number(node, DCX + "offset")
    scale, offset = 1.0 if scale is None else scale, 0.0 if offset is None else offset
    source, own = snapshot.one(node, DCX + "sourceUnit"), snapshot.one(point, BRICK + "hasUnit")
    if source is None or own is None or source == own:
        return scale, offset
    unit_scale, unit_offset = conversion(snapshot.key(source), snapshot.key(own))
    return scale * unit_scale, offset * unit_scale + unit_offset
