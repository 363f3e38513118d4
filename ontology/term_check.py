"""Terms that no ontology describes, or that are deprecated.

SHACL does not see them: to it an unknown class is only a class without shapes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from difflib import get_close_matches

import numpy as np

from ontology.controls import NO_TEXT, visible
from ontology.findings import Finding, Severity
from ontology.namespaces import BRICK, DCX, OWL, RDF, RDFS, REC, REF, S223, UNIT, compact, local_name
from ontology.terms import QuadBlock, is_iri, is_sound_iri
from ontology.units import units
from ontology.vocabulary import Vocabulary

TERM_CODES = frozenset(
    {"unknown-term", "deprecated-term", "unknown-unit", "old-brick-namespace", "iri-form", "control-character", "imports-not-read"}
)
"""The findings of this file: about terms, not about nodes."""
_WATCHED = (BRICK, DCX, REC, REF, S223)
_BEFORE_1_1 = ("https://brickschema.org/schema/1.0", "http://buildsys.org/ontologies/Brick", "https://brickschema.org/schema/1.1/Brick")
_BUILT_IN = ("https://brickschema.org/schema/", "https://w3id.org/rec", "http://data.ashrae.org/standard223", DCX[:-1], "http://qudt.org/")
"""How the addresses of the ontologies begin that are here without being imported."""
_DEFINES = (RDFS + "subClassOf", RDFS + "subPropertyOf")
_IMPORTS = OWL + "imports"
_META = {OWL + "Class", RDFS + "Class", RDF + "Property", OWL + "ObjectProperty", OWL + "DatatypeProperty"}


def term_findings(block: QuadBlock, vocabulary: Vocabulary, defined_elsewhere: Callable[[str], bool] = lambda _: False) -> list[Finding]:
    """One finding for each unknown or deprecated term, each old namespace and each import, one for all IRIs of a form that RFC 3987
    forbids, and one for all texts with control characters.

    Where the block is a part of a model, `defined_elsewhere` says which terms the rest of it describes. Cost: linear in distinct terms, one
    pass over the quads.
    """
    quads = block.quads
    counts = np.bincount(quads[:, :3].reshape(-1), minlength=len(block.terms))
    defined, used = _defined_here(block), _used_as_terms(block)
    old: dict[str, list[int]] = defaultdict(list)
    findings: list[Finding] = []
    odd: list[int] = []
    steering: list[int] = []
    for number in np.flatnonzero(counts).tolist():
        iri = block.terms[number]
        if not is_iri(iri):
            if NO_TEXT.search(iri):
                steering.append(number)
            continue
        if iri == _IMPORTS:
            findings += _imports(number, block)
        if not is_sound_iri(iri):
            odd.append(number)
        if iri.startswith(_BEFORE_1_1):
            old[iri[: len(iri) - len(local_name(iri))]].append(number)
        elif iri in defined or iri in _WATCHED:
            continue
        elif iri.startswith(_WATCHED) or (iri.startswith(vocabulary.own_namespaces) and number in used):
            if not defined_elsewhere(iri):
                findings += _term(iri, number, int(counts[number]), block, vocabulary)
        elif iri.startswith(UNIT):
            findings += _unit(iri, number, int(counts[number]), block, vocabulary)
    findings += [_old_namespace(ns, numbers, counts, block) for ns, numbers in sorted(old.items())]
    findings += [_iri_form(odd, block)] if odd else []
    return [*findings, _control_character(steering, block)] if steering else findings


def defines(predicate: str, obj: str) -> bool:
    """Whether a statement about a term describes it as a class or a property."""
    return predicate in _DEFINES or (predicate == RDF + "type" and obj in _META)


def _term(iri: str, number: int, count: int, block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    status = vocabulary.term(iri)
    name = compact(iri)
    if not status.is_known:
        near = suggestions(iri, vocabulary)
        remedy = f"use {' or '.join(compact(n) for n in near)}" if near else "correct the name, or load the ontology that describes it"
        message = f"no ontology describes {name}: nothing that asks for a class or a property will find it"
        return [Finding(Severity.ERROR, "unknown-term", _user(number, block), message, remedy, iri, count)]
    if status.deprecated:
        instead = " or ".join(compact(r) for r in status.replaced_by)
        remedy = f"use {instead}" if instead else "see its definition in Brick for what to use"
        return [
            Finding(
                Severity.WARNING, "deprecated-term", _user(number, block), f"{name} is deprecated in {status.origin}", remedy, iri, count
            )
        ]
    return []


def _unit(iri: str, number: int, count: int, block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    if vocabulary.term(iri).is_known or iri[len(UNIT) :] in {u.name for u in units()}:
        return []
    name = iri[len(UNIT) :].casefold()
    near = sorted(u.name for u in units() if name in {u.name.casefold(), u.symbol.casefold()})
    remedy = f"use unit:{near[0]}" if near else "take a unit that docs/guides/ontology.md lists, so that values can be converted"
    message = f"{compact(iri)} is no unit that is known here: its values cannot be converted"
    return [Finding(Severity.WARNING, "unknown-unit", _user(number, block), message, remedy, iri, count)]


def _old_namespace(
    namespace: str, numbers: list[int], counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], block: QuadBlock
) -> Finding:
    uses = int(counts[numbers].sum())
    message = f"{len(numbers)} terms are of a Brick older than 1.2 ({namespace}): they are kept, but no class or feed of them is understood"
    remedy = "`ridethrough load --migrate FILE` brings its terms to Brick 1.5; `ridethrough migrate FILE` shows how"
    return Finding(Severity.ERROR, "old-brick-namespace", _user(numbers[0], block), message, remedy, namespace, uses)


def _iri_form(numbers: list[int], block: QuadBlock) -> Finding:
    first = min(block.terms[number] for number in numbers)
    message = f"{len(numbers)} IRIs are none by RFC 3987, such as {first}: they are kept as they are, but other tools may refuse them"
    remedy = "write a per cent sign that stands for itself as %25, and brackets as %5B and %5D"
    return Finding(Severity.WARNING, "iri-form", _user(block.terms.index(first), block), message, remedy, first, len(numbers))


def _control_character(numbers: list[int], block: QuadBlock) -> Finding:
    first = min(block.terms[number] for number in numbers)
    shown = visible(first[:60])
    message = f"{len(numbers)} texts have control characters, such as {shown}: they are kept as they are, but RDF/XML cannot hold every one"
    remedy = "leave them out where the text is made; where letters became such characters, read its file as UTF-8 or Windows-1252"
    return Finding(Severity.WARNING, "control-character", _user(block.terms.index(first), block), message, remedy, "", len(numbers))


def _imports(number: int, block: QuadBlock) -> list[Finding]:
    """One finding for each ontology that the model imports and that is not built in."""
    rows = block.quads[block.quads[:, 1] == number]
    imported: dict[str, list[str]] = defaultdict(list)
    for subject, _, obj, _ in rows.tolist():
        imported[block.terms[obj]].append(block.terms[subject])
    remedy = "load that file yourself, as a source of its own; where it is loaded already, nothing is missing"
    return [
        Finding(
            Severity.INFO,
            "imports-not-read",
            min(users),
            f"it imports {compact(iri)}: what is imported is never fetched",
            remedy,
            iri,
            len(users),
        )
        for iri, users in sorted(imported.items())
        if not iri.startswith(_BUILT_IN)
    ]


def _defined_here(block: QuadBlock) -> frozenset[str]:
    """Classes and properties that the model itself describes."""
    find = {term: number for number, term in enumerate(block.terms)}
    defining = [find[p] for p in _DEFINES if p in find]
    metas = [find[m] for m in _META if m in find]
    s, p, o = block.quads[:, 0], block.quads[:, 1], block.quads[:, 2]
    rows = np.isin(p, defining) | ((p == find.get(RDF + "type", -1)) & np.isin(o, metas))
    return frozenset(block.terms[n] for n in np.unique(s[rows]).tolist())


def _used_as_terms(block: QuadBlock) -> frozenset[int]:
    """What the model uses as a predicate or a class: in a user's own namespace things may have names beside the terms."""
    find = {term: number for number, term in enumerate(block.terms)}
    p, o = block.quads[:, 1], block.quads[:, 2]
    return frozenset(np.unique(np.concatenate((p, o[p == find.get(RDF + "type", -1)]))).tolist())


def _user(number: int, block: QuadBlock) -> str:
    """The first node, in order of keys, that uses the term; the term itself where only statements about it stand."""
    quads = block.quads
    rows = (quads[:, 1] == number) | (quads[:, 2] == number)
    return min((block.terms[n] for n in np.unique(quads[rows, 0]).tolist()), default=block.terms[number])


def suggestions(iri: str, vocabulary: Vocabulary) -> list[str]:
    """At most two current terms that may be meant: of the same name elsewhere, by another name in use, or of nearly the same spelling."""
    wanted = _plain(local_name(iri))
    kinds = ("class", "property") if local_name(iri)[:1].isupper() else ("property", "class")
    indices = [_names(vocabulary, kind) for kind in kinds]
    for index in indices:
        if wanted in index:
            return index[wanted][:1]
    return sorted({indices[0][name][0] for name in get_close_matches(wanted, indices[0], n=2, cutoff=0.8)})


def _names(vocabulary: Vocabulary, kind: str) -> dict[str, list[str]]:
    known: Iterable[tuple[str, Iterable[str]]] = (
        ((c.iri, (local_name(c.iri), *c.alternatives)) for c in vocabulary.classes.values() if not c.deprecated)
        if kind == "class"
        else ((p.iri, (local_name(p.iri),)) for p in vocabulary.properties.values() if not p.deprecated)
    )
    index: dict[str, list[str]] = defaultdict(list)
    for iri, names in known:
        if iri.startswith((*_WATCHED, *vocabulary.own_namespaces)):
            for name in names:
                index[_plain(name)].append(iri)
    rank = {DCX: 0, BRICK: 1}
    return {name: sorted(set(iris), key=lambda i: (rank.get(i[: len(i) - len(local_name(i))], 2), i)) for name, iris in index.items()}


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").replace("-", "").casefold()
