"""The types of the schema: each hands over what the index of one revision says, and holds no rule of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from typing import Annotated

import strawberry

from graph.current import PointValue
from graph.snapshot import RDF_TYPE
from graph.standards import standard_of
from ontology.namespaces import compact, expand, local_name
from ontology.terms import Ids
from ontology.vocabulary import ClassInfo
from resolvers.cursors import decode, encode
from resolvers.errors import BadInput
from resolvers.index import IN, OUT, Fact, Link, page
from resolvers.reads import Reads

FIRST_MAX = 1000
"""Entities on one page."""


@strawberry.enum(description="How good a value is, best first, after OPC UA part 8 and NAMUR NE 107.")
class Quality(Enum):
    """After graph/values.py."""

    GOOD = "GOOD"
    UNCERTAIN = "UNCERTAIN"
    STALE = "STALE"
    BAD = "BAD"
    NO_COMMUNICATION = "NO_COMMUNICATION"
    NO_VALUE = "NO_VALUE"


@strawberry.enum(
    description="Why a value is no better than its quality says; NONE where there is nothing to say. The guide to quality tells each."
)
class Reason(Enum):
    """After graph/values.py."""

    NONE = "NONE"
    MAINTENANCE = "MAINTENANCE"
    RETAINED = "RETAINED"
    CLOCK = "CLOCK"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    FROZEN = "FROZEN"
    SUBSTITUTE = "SUBSTITUTE"
    PARTIAL = "PARTIAL"
    SILENCE = "SILENCE"
    DEVICE = "DEVICE"
    SENSOR = "SENSOR"
    JUMP = "JUMP"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    CONFIGURATION = "CONFIGURATION"
    LINK = "LINK"
    GAP = "GAP"


@strawberry.enum(name="Ne107", description="The status signals of NAMUR NE 107.")
class Ne107(Enum):
    """After graph/standards.py."""

    GOOD = "GOOD"
    MAINTENANCE_REQUIRED = "MAINTENANCE_REQUIRED"
    OUT_OF_SPECIFICATION = "OUT_OF_SPECIFICATION"
    CHECK_FUNCTION = "CHECK_FUNCTION"
    FAILURE = "FAILURE"


@strawberry.enum(description="Which way a relation is read.")
class Direction(Enum):
    """OUT: the entity is the subject; IN: it is the object."""

    OUT = "OUT"
    IN = "IN"


@strawberry.type(description="Where a page stands among the pages.")
class PageInfo:
    """After the Relay connection specification."""

    has_next_page: bool = strawberry.field(description="Whether more follow.")
    has_previous_page: bool = strawberry.field(description="Whether some came before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first entity of the page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last entity of the page: give it as `after` for the next page.")


@strawberry.type(description="A live value: the number, when it was true, when it arrived, and how good it is.")
class Value:
    """Times are aware UTC."""

    value: float | None = strawberry.field(description="The number in the point's unit; null when none is known.")
    observed_at: datetime | None = strawberry.field(description="When the device says it was so.")
    received_at: datetime | None = strawberry.field(description="When it came in here.")
    quality: Quality = strawberry.field(description="How good it is now.")
    age_s: float | None = strawberry.field(description="Seconds since it was observed.")
    reason: Reason = strawberry.field(description="Why it is no better.")
    opc_ua: str = strawberry.field(description="Its status code after OPC UA part 8, such as `0x80050000`.")
    ne107: Ne107 | None = strawberry.field(description="Its signal after NAMUR NE 107; null where the standard has none.")

    @staticmethod
    def of(sample: PointValue, now_ms: int) -> Value:
        """From one row of the current-value table."""
        standard = standard_of(sample.quality, sample.reason, isfinite(sample.value))
        return Value(
            value=sample.value if isfinite(sample.value) else None,
            observed_at=instant(sample.observed_at),
            received_at=instant(sample.received_at),
            quality=Quality[sample.quality.name],
            age_s=None if sample.observed_at <= 0 else max(0.0, (now_ms - sample.observed_at) / 1000),
            reason=Reason[sample.reason.name],
            opc_ua=standard.text,
            ne107=None if standard.ne107 is None else Ne107[standard.ne107],
        )


def instant(ms: int) -> datetime | None:
    """Milliseconds since 1970 as aware UTC; None for never."""
    return None if ms <= 0 else datetime.fromtimestamp(ms / 1000, UTC)


@strawberry.type(description="A sensor, setpoint, status or command of an equipment or a place, with its live value.")
class Point:
    """A point."""

    reads: strawberry.Private[Reads]
    number: strawberry.Private[int]

    @strawberry.field(description="Its IRI.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.reads.iri(self.number))

    @strawberry.field(description="What a person calls it.")
    def label(self) -> str:
        return self.reads.index.label(self.number)

    @strawberry.field(name="class", description="IRI of its most specific class.")
    def class_(self) -> str | None:
        return self.reads.index.class_of(self.number)

    @strawberry.field(description="IRI of the unit of its values.")
    def unit(self) -> str | None:
        return self.reads.index.unit(self.number)

    @strawberry.field(description="Whether `setPoint` may write it.")
    def controllable(self) -> bool:
        return self.reads.controllable(self.reads.iri(self.number))

    @strawberry.field(description="Its value now.")
    def value(self) -> Value:
        return Value.of(self.reads.sample(self.reads.iri(self.number)), self.reads.now_ms)

    @strawberry.field(description="What it belongs to.")
    def equipment(self) -> Entity | None:
        number = self.reads.index.equipment(self.number)
        return None if number is None else Entity(reads=self.reads, number=number)


@strawberry.type(description="A literal or a quantity said of an entity.")
class Property:
    """One property."""

    predicate: str = strawberry.field(description="IRI of the property.")
    value: str = strawberry.field(description="Its lexical form.")
    datatype: str | None = strawberry.field(description="IRI of its datatype.")
    language: str | None = strawberry.field(description="Its language tag.")
    unit: str | None = strawberry.field(description="IRI of its unit, where it is a quantity.")

    @staticmethod
    def of(fact: Fact) -> Property:
        """From a fact of the index."""
        return Property(predicate=fact.predicate, value=fact.value, datatype=fact.datatype, language=fact.language, unit=fact.unit)


@strawberry.type(description="One predicate in one direction, and what stands at its other end.")
class Relation:
    """A relation of an entity."""

    reads: strawberry.Private[Reads]
    link: strawberry.Private[Link]
    derived: strawberry.Private[bool] = False

    @strawberry.field(description="IRI of the predicate.")
    def predicate(self) -> str:
        return self.link.predicate

    @strawberry.field(description="OUT where the entity is the subject, IN where it is the object.")
    def direction(self) -> Direction:
        return Direction(self.link.direction)

    @strawberry.field(description="Whether the ontology says it of these entities and no source does.")
    def inferred(self) -> bool:
        return self.derived

    @strawberry.field(description="How many entities stand at the other end.")
    def count(self) -> int:
        return len(self.link.others)

    @strawberry.field(description="The entities at the other end, in order of IRIs.")
    def entities(
        self,
        first: Annotated[int | None, strawberry.argument(description="Entities on the page, 0 to 1000.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="Cursor of the entity before the page.")] = None,
    ) -> EntityConnection:
        return EntityConnection.of(self.reads, self.link.others, 20 if first is None else first, after)


@strawberry.type(description="Anything that the graph speaks of: equipment, place, point, service, tenant.")
class Entity:
    """An entity."""

    reads: strawberry.Private[Reads]
    number: strawberry.Private[int]

    @strawberry.field(description="Its IRI.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.reads.iri(self.number))

    @strawberry.field(description="Its IRI under a known prefix.")
    def curie(self) -> str:
        return self.reads.index.curie(self.number)

    @strawberry.field(description="What a person calls it.")
    def label(self) -> str:
        return self.reads.index.label(self.number)

    @strawberry.field(name="class", description="IRI of its most specific class.")
    def class_(self) -> str | None:
        return self.reads.index.class_of(self.number)

    @strawberry.field(description="IRIs of all classes that the graph gives it.")
    def classes(self) -> list[str]:
        return list(self.reads.index.types_of(self.number))

    @strawberry.field(description="IRIs of the classes that it is of because of what is said, beyond `classes`, in order.")
    def inferred_classes(self) -> list[str]:
        return self.reads.inferred.types(self.number)

    @strawberry.field(description="Its literals and quantities, in order of predicate and value.")
    def properties(self) -> list[Property]:
        return [Property.of(fact) for fact in self.reads.index.facts(self.number)]

    @strawberry.field(description="Its relations to other entities, both ways.")
    def relations(
        self,
        predicate: Annotated[str | None, strawberry.argument(description="Only this predicate; IRI or CURIE.")] = None,
        direction: Annotated[Direction | None, strawberry.argument(description="Only this way.")] = None,
        inferred: Annotated[
            bool, strawberry.argument(description="Also those that follow from what is said; they come last, each apart.")
        ] = False,
    ) -> list[Relation]:
        way = None if direction is None else direction.value
        said = [Relation(reads=self.reads, link=link) for link in self.reads.index.links(self.number, predicate, way)]
        derived = derived_links(self.reads, self.number, None if predicate is None else expand(predicate), way) if inferred else []
        return said + [Relation(reads=self.reads, link=link, derived=True) for link in derived]

    @strawberry.field(description="Its points, in order of IRIs; of a point, the point itself.")
    def points(self) -> list[Point]:
        return [Point(reads=self.reads, number=n) for n in self.reads.index.points(self.number)]


def derived_links(reads: Reads, number: int, predicate: str | None, way: str | None) -> list[Link]:
    """The inferred relations of an entity to named things, in order of predicate, out before in. Cost: that of what is said about it."""
    found: dict[tuple[str, bool], list[str]] = {}
    for direction, facts, end in ((OUT, reads.inferred.about, 2), (IN, reads.inferred.toward, 0)):
        for fact in facts(number) if way in (None, direction) else ():
            if fact.quad[1] != RDF_TYPE and predicate in (None, fact.quad[1]):
                found.setdefault((fact.quad[1], direction == IN), []).append(fact.quad[end])
    find, index = reads.index.snapshot.terms.find, reads.index
    links = [
        Link(name, IN if back else OUT, index.in_order([n for key in others if (n := find(key)) is not None]))
        for (name, back), others in sorted(found.items())
    ]
    return [link for link in links if len(link.others)]


@strawberry.type(description="An entity on a page.")
class EntityEdge:
    """After the Relay connection specification."""

    cursor: str = strawberry.field(description="Where the entity stands; stays right while others come and go.")
    node: Entity = strawberry.field(description="The entity.")


@strawberry.type(description="A page of entities in order of their IRIs.")
class EntityConnection:
    """After the Relay connection specification."""

    edges: list[EntityEdge] = strawberry.field(description="The entities with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are on all pages.")

    @strawberry.field(description="The entities without their cursors.")
    def nodes(self) -> list[Entity]:
        return [edge.node for edge in self.edges]

    @staticmethod
    def of(reads: Reads, rows: Ids, first: int, after: str | None) -> EntityConnection:
        """The page of `rows` (in order of IRIs) that the arguments ask for. Raises `BadInput`."""
        shown, more, earlier = page(reads.index, rows, checked_first(first), None if after is None else decode(after))
        nodes = [Entity(reads=reads, number=n) for n in shown.tolist()]
        edges = [EntityEdge(cursor=encode(reads.iri(node.number)), node=node) for node in nodes]
        info = PageInfo(
            has_next_page=more,
            has_previous_page=earlier,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return EntityConnection(edges=edges, page_info=info, total_count=len(rows))


def checked_first(first: int) -> int:
    """The size of a page. Raises `BadInput` outside 0..1000."""
    if not 0 <= first <= FIRST_MAX:
        raise BadInput(f"first = {first}: a page has 0 to {FIRST_MAX} entities; ask for the rest with `after`")
    return first


@strawberry.type(name="Class", description="A class of the ontology.")
class OntologyClass:
    """A class."""

    id: strawberry.ID = strawberry.field(description="Its IRI.")
    curie: str = strawberry.field(description="Its IRI under a known prefix.")
    label: str = strawberry.field(description="What a person calls it.")
    definition: str | None = strawberry.field(description="What it means.")
    superclasses: list[str] = strawberry.field(description="IRIs of the classes above it, nearest first.")
    count: int = strawberry.field(description="How many entities are of it or of its subclasses.")
    described: bool = strawberry.field(description="Whether an ontology describes it; else entities name it and nothing more is known.")
    deprecated: bool = strawberry.field(description="Whether the ontology has withdrawn it.")
    replaced_by: str | None = strawberry.field(description="IRI of the class to use in its place.")

    @staticmethod
    def all(reads: Reads) -> Sequence[OntologyClass]:
        """Every class of the vocabulary and every other one that an entity names, in order of IRIs."""
        index = reads.index
        known, superclasses = index.vocabulary.classes, index.vocabulary.superclasses
        strange = index.counts.keys() - {above for iri in known for above in superclasses(iri)}
        named = {iri: ClassInfo(iri, local_name(iri).replace("_", " "), "", (), False, (), "") for iri in strange}
        return [
            OntologyClass(
                id=strawberry.ID(iri),
                curie=compact(iri),
                label=info.label,
                definition=info.definition or None,
                superclasses=[above for above in superclasses(iri) if above != iri],
                count=index.counts.get(iri, 0),
                described=iri in known,
                deprecated=info.deprecated,
                replaced_by=info.replaced_by[0] if info.replaced_by else None,
            )
            for iri, info in sorted({**known, **named}.items())
        ]
