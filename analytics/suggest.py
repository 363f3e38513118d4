"""Which point a name from outside may mean: a topic, a tag, a path that no point is bound to, held against what the graph calls its points.

Rules of this file:

1. Names are taken apart into words: at what is no letter and no digit, between a small and a capital letter, between letters and digits.
   Numbers lose their zeros in front; what plants abbreviate is written out (`ABBREVIATED`).
2. A point's words are those of its name, its label, its class, its unit, and of what has it and where that stands. A word that few points
   have says more (inverse document frequency, Spärck Jones 1972).
3. The score is the share (0 to 1) of what the name's known words say that the point has too. Below `SCORE_MIN`, or where no word tells
   the point from those beside it, nothing is offered. A point that has a reference already is not offered, nor what fits worse than it.
4. Equal scores stand in order of IRIs: equal names get equal answers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from graph.snapshot import Snapshot
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, REC, REF, local_name
from ontology.terms import is_iri
from ontology.units import unit_of
from ontology.vocabulary import Vocabulary

SCORE_MIN = 0.6
KNOWN_MAX = 10_000
"""Names whose answers are kept."""
WORDS_MAX = 64
"""Words of a name that are looked at."""
ABBREVIATED: Mapping[str, str] = {
    **dict.fromkeys(("temp", "tmp", "degc", "degf"), "temperature"),
    **dict.fromkeys(("pwr", "kw", "watt", "watts", "mw"), "power"),
    **dict.fromkeys(("hum", "rh", "humid"), "humidity"),
    **dict.fromkeys(("volt", "volts", "kv"), "voltage"),
    **dict.fromkeys(("curr", "amp", "amps", "ampere"), "current"),
    **dict.fromkeys(("freq", "hz"), "frequency"),
    **dict.fromkeys(("press", "kpa"), "pressure"),
    **dict.fromkeys(("sp", "setpt", "stpt"), "setpoint"),
    **dict.fromkeys(("stat", "sts", "state"), "status"),
    **dict.fromkeys(("pos",), "position"),
    **dict.fromkeys(("sup", "lvg", "leaving"), "supply"),
    **dict.fromkeys(("ret", "rtn", "ent", "entering"), "return"),
    **dict.fromkeys(("soc",), "charge"),
    **dict.fromkeys(("lvl",), "level"),
    **dict.fromkeys(("spd",), "speed"),
    **dict.fromkeys(("brk", "bkr", "cb"), "breaker"),
    **dict.fromkeys(("xfmr", "tx"), "transformer"),
    **dict.fromkeys(("gen", "genset"), "generator"),
    **dict.fromkeys(("chlr",), "chiller"),
    **dict.fromkeys(("rpdu",), "rack"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLACED = (BRICK + "hasLocation", REC + "locatedIn", DCX + "mountedIn", BRICK + "isPartOf", REC + "isPartOf")
_SAID_OF_ALL = frozenset(("sensor", "point", "value", "urn", "v1"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A point that may be meant (IRI), how likely (0 to 1), and the words that speak for it."""

    point: str
    score: float
    because: tuple[str, ...]

    @property
    def reason(self) -> str:
        """In a sentence."""
        return f"both speak of {', '.join(self.because)}"


def words(name: str) -> list[str]:
    """The words of a name, each once, in their order (rule 1). `words("Rack-07/supplyTempC")` is rack, 7, supply, temperature, c."""
    found = (word.lower() for word in _WORD.findall(name))
    plain = ((word.lstrip("0") or "0") if word.isdigit() else ABBREVIATED.get(word, word) for word in found)
    return [word for word in dict.fromkeys(plain) if word not in _SAID_OF_ALL]


class Suggester:
    """The points of one snapshot by their words. Building costs some ten microseconds a point; a question one look at each point that
    has one of its words."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot, self._vocabulary = snapshot, vocabulary
        owners = _owners(snapshot)
        self._points = sorted(owners)
        self._known: dict[str, tuple[Suggestion, ...]] = {}
        postings: dict[str, list[int]] = defaultdict(list)
        self._of_owner: dict[int, list[str]] = {}
        number_of = snapshot.terms.find
        bound = frozenset(snapshot.relation(REF + "hasExternalReference").subjects.tolist())
        self._bound = np.zeros(len(self._points), np.bool_)
        for row, iri in enumerate(self._points):
            number = number_of(iri)
            if number is not None:
                self._bound[row] = number in bound
                for word in {*self._own_words(iri, number), *self._words_of(owners[iri])}:
                    postings[word].append(row)
        self._postings: dict[str, NDArray[np.intp]] = {word: np.array(rows, np.intp) for word, rows in postings.items()}

    def of(self, name: str, first: int = 3) -> Sequence[Suggestion]:
        """The points that a name may mean, likeliest first; none where nothing comes near. The same name again costs nothing."""
        if name not in self._known:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[name] = tuple(self._found(words(name)[:WORDS_MAX], first))
        return self._known[name]

    def _found(self, asked: Sequence[str], first: int) -> Iterable[Suggestion]:
        said = {word: log(1 + len(self._points) / len(self._postings[word])) for word in asked if word in self._postings}
        if not said:
            return
        score, whole = np.zeros(len(self._points)), sum(said.values())
        for word, weight in said.items():
            score[self._postings[word]] += weight / whole
        score = score.round(3)
        near = np.flatnonzero(~self._bound & (score >= max(SCORE_MIN, float(score[self._bound].max(initial=0.0)))))
        best = near[np.argsort(-score[near], kind="stable")]
        if len(said) < 2 or (len(best) > first and score[best[0]] == score[best[first]]):
            return
        for row in best[:first].tolist():
            yield Suggestion(self._points[row], float(score[row]), tuple(word for word in said if row in self._postings[word]))

    def _own_words(self, iri: str, number: int) -> Iterable[str]:
        snapshot = self._snapshot
        yield from words(local_name(iri))
        yield from words(snapshot.label(number))
        for cls in snapshot.types(number):
            info = self._vocabulary.classes.get(cls)
            yield from words(info.label if info is not None else local_name(cls))
        unit = snapshot.one(number, BRICK + "hasUnit")
        if unit is not None:
            try:
                yield from words(unit_of(snapshot.key(unit)).symbol)
            except UnitError:
                return

    def _words_of(self, owner: int) -> list[str]:
        """Of what has a point: its name and label, and those of where it stands."""
        if owner not in self._of_owner:
            snapshot = self._snapshot
            places = [place for predicate in _PLACED for place in snapshot.objects(owner, predicate)]
            named = [owner, *places]
            self._of_owner[owner] = [
                word for each in named for text in (local_name(snapshot.key(each)), snapshot.label(each)) for word in words(text)
            ]
        return self._of_owner[owner]


def _owners(snapshot: Snapshot) -> dict[str, int]:
    """What has each point; virtual points hear nobody, and are left out."""
    has, of = snapshot.relation(BRICK + "hasPoint"), snapshot.relation(BRICK + "isPointOf")
    virtual = frozenset(snapshot.relation(DCX + "formula").subjects.tolist())
    pairs = [*zip(has.objects.tolist(), has.subjects.tolist(), strict=True), *of.pairs()]
    return {iri: owner for point, owner in sorted(pairs, reverse=True) if point not in virtual and is_iri(iri := snapshot.key(point))}
