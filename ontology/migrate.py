"""Models of an older Brick brought to Brick 1.5, on request, with a report of every term.

Rules of this file:

1. A term is renamed only where its successor is certain: the same name, the same name in another spelling, a renaming that is listed here
   with its reason, or the one successor that the ontology itself names for a deprecated term (when that is asked for).
2. What has no certain successor stays as it is and is reported, with what may be meant.
3. Nothing but names changes: no statement is added, and one is dropped only where two become the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ontology.namespaces import BRICK, compact, local_name
from ontology.term_check import suggestions
from ontology.terms import QuadBlock, is_iri
from ontology.vocabulary import Vocabulary

TAG = "https://brickschema.org/schema/BrickTag#"
SHAPE = "https://brickschema.org/schema/BrickShape#"
_OLD = re.compile(  # the version stood in it until 1.1; relationships had one of their own
    r"https?://(?:www\.)?(?:brickschema\.org/schema/1\.\d+(?:\.\d+)?|buildsys\.org/ontologies)/(Brick|BrickFrame|bf|BrickTag|BrickShape)#"
)
_NOW = {"Brick": BRICK, "BrickFrame": BRICK, "bf": BRICK, "BrickTag": TAG, "BrickShape": SHAPE}
_RENAMED: Mapping[str, tuple[str, str]] = {
    "Zone_Temperature_Sensor": ("Zone_Air_Temperature_Sensor", "Brick 1.1 names the substance"),
    "Zone_Temperature_Setpoint": ("Zone_Air_Temperature_Setpoint", "Brick 1.1 names the substance"),
    "Average_Zone_Temperature_Sensor": ("Average_Zone_Air_Temperature_Sensor", "Brick 1.1 names the substance"),
    "Zone_Cooling_Temperature_Setpoint": ("Zone_Air_Cooling_Temperature_Setpoint", "Brick 1.1 names the substance"),
    "Zone_Heating_Temperature_Setpoint": ("Zone_Air_Heating_Temperature_Setpoint", "Brick 1.1 names the substance"),
    "Room_Temperature_Sensor": ("Room_Air_Temperature_Sensor", "Brick 1.1 names the substance"),
    "Electric_Meter": ("Electrical_Meter", "Brick 1.1 says electrical"),
    "Building_Electric_Meter": ("Building_Electrical_Meter", "Brick 1.1 says electrical"),
    "Electricity_Power_Sensor": ("Electric_Power_Sensor", "Brick 1.3 says electric power"),
    "Exhaust_Air_Damper": ("Exhaust_Damper", "Brick 1.1 leaves the substance out"),
    "isLocatedIn": ("hasLocation", "Brick 1.0.2 renamed the relationship"),
}
"""Old local names, by which a class or a relationship went before Brick 1.1, and what the same thing is called since."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of one term: its old and its new IRI (empty where it stayed), how many statements it stood in, and why."""

    old: str
    new: str
    count: int
    why: str


def migrate(block: QuadBlock, vocabulary: Vocabulary, *, deprecated: bool = False) -> tuple[QuadBlock, list[Migrated]]:
    """The block with the terms of Brick 1.0, 1.1 and buildsys.org as Brick 1.5 has them, and what became of each, in order of old IRIs.

    With `deprecated`, terms that Brick 1.5 has replaced are renamed, too. Cost: linear in distinct terms, one pass over the quads.
    """
    counts = np.bincount(block.quads[:, :3].reshape(-1), minlength=len(block.terms))
    report: list[Migrated] = []
    terms = list(block.terms)
    for number in np.flatnonzero(counts).tolist():
        old = block.terms[number]
        if not is_iri(old) or (found := _successor(old, vocabulary, deprecated)) is None:
            continue
        new, why = found
        report.append(Migrated(old, new, int(counts[number]), why))
        terms[number] = new or old
    if not any(row.new for row in report):
        return block, _ordered(report)
    renamed = QuadBlock(terms, block.quads)
    met = len(set(terms)) < len(terms)
    return QuadBlock.of(renamed) if met else renamed, _ordered(report)


def _ordered(report: list[Migrated]) -> list[Migrated]:
    return sorted(report, key=lambda row: row.old)


def _successor(old: str, vocabulary: Vocabulary, deprecated: bool) -> tuple[str, str] | None:
    """A term's new IRI ("" for none) and why; None for a term that is no matter of migration."""
    match = _OLD.match(old)
    if match is None:
        return _instead(old, vocabulary) if deprecated else None
    now, name = _NOW[match[1]], old[match.end() :]
    new, why = _today(now, name, vocabulary)
    if new and deprecated and (onward := _instead(new, vocabulary)) is not None and onward[0]:
        return onward[0], f"{why}; {onward[1]}"
    return new, why


def _today(namespace: str, name: str, vocabulary: Vocabulary) -> tuple[str, str]:
    if vocabulary.term(namespace + name).is_known:
        return namespace + name, "the same name in Brick 1.5"
    if name in _RENAMED:
        return BRICK + _RENAMED[name][0], _RENAMED[name][1]
    near = suggestions(namespace + name, vocabulary)
    same = [iri for iri in near if _spelt(local_name(iri)) == _spelt(name) and iri.startswith(namespace)]
    if len(same) == 1:
        return same[0], "the same name in another spelling"
    hint = f": perhaps {' or '.join(map(compact, near))}" if near else ""
    return "", f"Brick 1.5 has nothing of that name{hint}"


def _spelt(name: str) -> str:
    return name.replace("_", "").casefold()


def _instead(iri: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """The last of the single successors that the ontology names for a deprecated term."""
    status = vocabulary.term(iri)
    if not status.deprecated:
        return None
    seen = {iri}
    while status.deprecated and len(status.replaced_by) == 1 and status.replaced_by[0] not in seen:
        seen.add(status.replaced_by[0])
        status = vocabulary.term(status.replaced_by[0])
    if status.iri != iri and not status.deprecated:
        return status.iri, f"{compact(iri)} is deprecated in Brick 1.5, which names this successor"
    choices = " or ".join(map(compact, status.replaced_by))
    return "", f"{compact(status.iri)} is deprecated in Brick 1.5; " + (f"choose {choices}" if choices else "it names no successor")
