"""Names that somebody meant: the entities whose names are nearest to one that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from graph.snapshot import Snapshot
from ontology.namespaces import compact, expand, local_name


def nearest(snapshot: Snapshot, asked: str, most: int = 3) -> list[str]:
    """CURIEs of at most `most` entities whose names resemble, or else hold, the last part of what was asked. Cost: all entities."""
    names: dict[str, str] = {}
    for number in snapshot.by_iri.tolist():
        iri = snapshot.key(number)
        names.setdefault(local_name(iri).lower(), iri)
    wanted = local_name(expand(asked)).lower()
    close = get_close_matches(wanted, names, n=most, cutoff=0.6) or [name for name in names if wanted in name][:most]
    return [compact(names[name]) for name in close]


def no_entity(snapshot: Snapshot, asked: str) -> str:
    """What a person is told who asked for an entity that does not exist."""
    near = nearest(snapshot, asked[:200])
    hint = (
        f"did you mean {' or '.join(near)}?" if near else "give the full IRI or a CURIE with a known prefix, as search or export prints it"
    )
    return f"no entity {asked[:200]!r} in revision {snapshot.revision}; {hint}"
