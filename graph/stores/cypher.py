"""The Cypher of `graph.stores.neo4j`: constant texts that take parameters only.

Labels, relationship types and property names come in as `$(...)` or map keys, from the table of names (`graph.stores.property_graph`).
"""

from __future__ import annotations

from typing import LiteralString

VERSION: LiteralString = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version"
SCHEMA: tuple[LiteralString, ...] = (
    "CREATE CONSTRAINT resource_iri IF NOT EXISTS FOR (n:Resource) REQUIRE n.iri IS UNIQUE",
    "CREATE CONSTRAINT revision_number IF NOT EXISTS FOR (n:Revision) REQUIRE n.number IS UNIQUE",
    "CREATE CONSTRAINT graph_iri IF NOT EXISTS FOR (n:Graph) REQUIRE n.iri IS UNIQUE",
    "CREATE CONSTRAINT twin_key IF NOT EXISTS FOR (n:Twin) REQUIRE n.key IS UNIQUE",
    "CREATE CONSTRAINT name_of IF NOT EXISTS FOR (n:Name) REQUIRE (n.kind, n.iri) IS UNIQUE",
)
LOCK: LiteralString = "MERGE (t:Twin {key: 'twin'}) SET t.asked = $asked RETURN coalesce(t.revision, 0) AS revision"
NAMES: LiteralString = "MATCH (n:Name) RETURN n.kind AS kind, collect(n.iri) AS iris, collect(n.name) AS names"
ADD_NAMES: LiteralString = "UNWIND $rows AS row CREATE (:Name {kind: $kind, iri: row[0], name: row[1]})"
FACTS: LiteralString = (
    "UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NOT NULL RETURN collect(iri) AS iris, collect(n._facts) AS facts"
)
NEW_NODES: LiteralString = "UNWIND $rows AS row CREATE (n:Resource {iri: row[0]}) SET n:$(row[1]), n += row[3]"
NODES: LiteralString = "UNWIND $rows AS row MERGE (n:Resource {iri: row[0]}) SET n:$(row[1]) REMOVE n:$(row[2]) SET n += row[3]"
ENDS: LiteralString = "UNWIND $rows AS iri MERGE (:Resource {iri: iri})"
NEW_LINKS: LiteralString = (
    "UNWIND $rows AS row MATCH (a:Resource {iri: row[0]}) MATCH (b:Resource {iri: row[2]}) CREATE (a)-[r:$(row[1])]->(b) SET r = row[3]"
)
LINKS_OF: LiteralString = (
    "UNWIND $rows AS iri MATCH (a:Resource {iri: iri})-[r]->(b:Resource) RETURN collect(iri) AS subjects, collect(type(r)) AS names, "
    "collect(b.iri) AS objects, collect(elementId(r)) AS ids, collect(r.graphs) AS graphs"
)
REGRAPH: LiteralString = "UNWIND $rows AS row MATCH ()-[r]->() WHERE elementId(r) = row[0] SET r.graphs = row[1]"
UNLINK: LiteralString = "UNWIND $rows AS id MATCH ()-[r]->() WHERE elementId(r) = id DELETE r"
FORGET_VALUES: LiteralString = (
    "UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NULL AND NOT EXISTS { (n)-->() } "
    "REMOVE n.value, n.quality, n.observedAt, n.receivedAt"
)
PRUNE: LiteralString = "UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NULL AND NOT EXISTS { (n)--() } DELETE n"
OWNERS: LiteralString = "UNWIND $rows AS row MERGE (g:Graph {iri: row[0]}) SET g.owner = row[1]"
REVISE: LiteralString = (
    "MATCH (t:Twin {key: 'twin'}) SET t.revision = $number CREATE (r:Revision {number: $number, author: $author, source: $source, "
    "at: $at, reason: $reason, added: $added, removed: $removed, change: $change, commit: $commit})"
)
REVISION_FIELDS: LiteralString = (
    "RETURN r.number AS number, r.author AS author, r.source AS source, r.at AS at, r.reason AS reason, "
    "r.added AS added, r.removed AS removed"
)
REVISIONS: LiteralString = "MATCH (r:Revision) WHERE r.number > $since " + REVISION_FIELDS + " ORDER BY number"
NEWEST: LiteralString = "MATCH (t:Twin {key: 'twin'}) MATCH (r:Revision {number: t.revision}) " + REVISION_FIELDS
NODE_PAGE: LiteralString = (
    "MATCH (n:Resource) WHERE n.iri > $after WITH n ORDER BY n.iri LIMIT $limit "
    "WITH collect(n) AS nodes RETURN nodes[-1].iri AS last, [n IN nodes WHERE n._facts IS NOT NULL | n.iri] AS iris, "
    "[n IN nodes WHERE n._facts IS NOT NULL | n._facts] AS facts"
)
LINK_PAGE: LiteralString = (
    "MATCH (a:Resource) WHERE a.iri > $after AND a.iri <= $last MATCH (a)-[r]->(b:Resource) "
    "RETURN type(r) AS name, r.graphs AS graphs, collect(a.iri) AS subjects, collect(b.iri) AS objects"
)
WRITE_VALUES: LiteralString = (
    "UNWIND $rows AS row MATCH (n:Resource {iri: row[0]}) WHERE n._facts IS NOT NULL OR EXISTS { (n)-->() } "
    "SET n.value = coalesce(row[1], n.value), n.observedAt = datetime({epochMillis: row[2]}), "
    "n.receivedAt = datetime({epochMillis: row[3]}), n.quality = row[4]"
)
VALUES: LiteralString = (
    "MATCH (n:Resource) WHERE n.quality IS NOT NULL AND n.receivedAt IS NOT NULL WITH n ORDER BY n.iri "
    "RETURN collect([n.iri, n.value, n.observedAt.epochMillis, n.receivedAt.epochMillis, n.quality]) AS rows"
)
