"""The Cypher of `graph.stores.neo4j*`: constant texts that take parameters only.

Labels, relationship types and property names come in as `$(...)` or map keys, from the table of names (`graph.stores.property_graph`).
Texts that speak of the server's own numbers of nodes say `CYPHER 5`, whose `id()` gives them.
"""

from __future__ import annotations

from typing import LiteralString

VERSION: LiteralString = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version"

# -- schema and migrations ------------------------------------------------------------------------------------------

CONSTRAINTS: dict[str, LiteralString] = {
    "resource_iri": "CREATE CONSTRAINT resource_iri IF NOT EXISTS FOR (n:Resource) REQUIRE n.iri IS UNIQUE",
    "revision_number": "CREATE CONSTRAINT revision_number IF NOT EXISTS FOR (n:Revision) REQUIRE n.number IS UNIQUE",
    "revision_key": "CREATE CONSTRAINT revision_key IF NOT EXISTS FOR (n:Revision) REQUIRE n.key IS UNIQUE",
    "graph_iri": "CREATE CONSTRAINT graph_iri IF NOT EXISTS FOR (n:Graph) REQUIRE n.iri IS UNIQUE",
    "twin_key": "CREATE CONSTRAINT twin_key IF NOT EXISTS FOR (n:Twin) REQUIRE n.key IS UNIQUE",
    "name_of": "CREATE CONSTRAINT name_of IF NOT EXISTS FOR (n:Name) REQUIRE (n.kind, n.iri) IS UNIQUE",
    "part_of": "CREATE CONSTRAINT part_of IF NOT EXISTS FOR (n:TwinPart) REQUIRE (n.commit, n.part) IS UNIQUE",
    "branch_name": "CREATE CONSTRAINT branch_name IF NOT EXISTS FOR (n:TwinBranch) REQUIRE n.name IS UNIQUE",
    "branch_revision": "CREATE CONSTRAINT branch_revision IF NOT EXISTS FOR (n:TwinBranchRevision) REQUIRE (n.branch, n.number) IS UNIQUE",
}
CONSTRAINT_NAMES: LiteralString = "SHOW CONSTRAINTS YIELD name"
SCHEMA: LiteralString = "OPTIONAL MATCH (t:Twin {key: 'twin'}) RETURN t IS NULL AS fresh, t.schema AS schema"
SET_SCHEMA: LiteralString = "MERGE (t:Twin {key: 'twin'}) SET t.schema = $schema, t.quads = $quads REMOVE t.migrated"
MIGRATED: LiteralString = "MERGE (t:Twin {key: 'twin'}) SET t.asked = $asked RETURN coalesce(t.schema, 1) AS schema, t.migrated AS after"
SET_MIGRATED: LiteralString = "MATCH (t:Twin {key: 'twin'}) SET t.migrated = $after"
OLD_PAGE: LiteralString = (
    "MATCH (n:Resource) WHERE n.iri > $after WITH n ORDER BY n.iri LIMIT $limit OPTIONAL MATCH (n)-[r]->(b:Resource) "
    "WHERE r.predicate IS NOT NULL RETURN n.iri AS iri, n._facts AS facts, "
    "collect([elementId(r), r.predicate, b.iri, r.graphs]) AS links ORDER BY iri"
)
SET_FACTS: LiteralString = "UNWIND $rows AS row MATCH (n:Resource {iri: row[0]}) SET n._facts = row[1]"
SET_SINCE: LiteralString = "UNWIND $rows AS row MATCH ()-[r]->() WHERE elementId(r) = row[0] SET r.since = row[1]"

# -- the data -------------------------------------------------------------------------------------------------------

NAMES: LiteralString = "MATCH (n:Name) RETURN n.kind AS kind, collect(n.iri) AS iris, collect(n.name) AS names"
ADD_NAMES: LiteralString = "UNWIND $rows AS row CREATE (:Name {kind: $kind, iri: row[0], name: row[1]})"
FACTS: LiteralString = (
    "UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NOT NULL RETURN collect(iri) AS iris, collect(n._facts) AS facts"
)
NODES: LiteralString = (
    "CYPHER 5 UNWIND $rows AS row MERGE (n:Resource {iri: row[0]}) SET n:$(row[1]) REMOVE n:$(row[2]) SET n += row[3] "
    "RETURN collect(row[0]) AS iris, collect(id(n)) AS ids"
)
NEW_NODES: LiteralString = (
    "CYPHER 5 UNWIND $rows AS row MERGE (n:Resource {iri: row[0]}) SET n:$(row[1]), n += row[2] "
    "RETURN collect(row[0]) AS iris, collect(id(n)) AS ids"
)
ENDS: LiteralString = "CYPHER 5 UNWIND $rows AS iri MERGE (n:Resource {iri: iri}) RETURN collect(iri) AS iris, collect(id(n)) AS ids"
NEW_LINKS: LiteralString = (
    "CYPHER 5 UNWIND $rows AS row MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1] "
    "CREATE (a)-[:$($type) {predicate: $predicate, graphs: $graphs, since: $since}]->(b)"
)
LINKS_OF: LiteralString = (
    "UNWIND $rows AS iri MATCH (a:Resource {iri: iri}) WITH a, iri MATCH (a)-[r]->(b) WHERE b.iri IS NOT NULL "
    "RETURN collect(iri) AS subjects, collect(type(r)) AS names, "
    "collect(b.iri) AS objects, collect(elementId(r)) AS ids, collect(coalesce(r.graphs, [])) AS graphs, "
    "collect(coalesce(r.since, [])) AS since"
)
LINKS_BETWEEN: LiteralString = (
    "UNWIND $rows AS row MATCH (a:Resource {iri: row[0]}) MATCH (b:Resource {iri: row[1]}) WITH a, b MATCH (a)-[r]->(b) "
    "RETURN collect(a.iri) AS subjects, collect(type(r)) AS names, "
    "collect(b.iri) AS objects, collect(elementId(r)) AS ids, collect(coalesce(r.graphs, [])) AS graphs, "
    "collect(coalesce(r.since, [])) AS since"
)
REGRAPH: LiteralString = (
    "UNWIND $rows AS row MATCH ()-[r]->() WHERE elementId(r) = row[0] SET r.predicate = row[1], r.graphs = row[2], r.since = row[3]"
)
UNLINK: LiteralString = "UNWIND $rows AS id MATCH ()-[r]->() WHERE elementId(r) = id DELETE r"
FORGET_VALUES: LiteralString = (
    "UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NULL AND NOT EXISTS { (n)-->() } "
    "REMOVE n.value, n.quality, n.qualityReason, n.observedAt, n.receivedAt"
)
LOOSE: LiteralString = (
    "CYPHER 5 UNWIND $rows AS iri MATCH (n:Resource {iri: iri}) WHERE n._facts IS NULL AND NOT EXISTS { (n)--() } "
    "RETURN collect(id(n)) AS ids"
)
PRUNE: LiteralString = "CYPHER 5 UNWIND $rows AS id MATCH (n) WHERE id(n) = id AND NOT EXISTS { (n)--() } DELETE n"
OWNERS: LiteralString = "UNWIND $rows AS row MERGE (g:Graph {iri: row[0]}) SET g.owner = row[1]"
CHANGED: LiteralString = "UNWIND $rows AS iri MERGE (g:Graph {iri: iri}) SET g.changed = $number"
GRAPHS: LiteralString = "MATCH (g:Graph) RETURN g.iri AS iri, g.owner AS owner, g.changed AS changed ORDER BY iri"

# -- revisions ------------------------------------------------------------------------------------------------------

LOCK: LiteralString = (
    "MERGE (t:Twin {key: 'twin'}) SET t.asked = $asked WITH t OPTIONAL MATCH (b:TwinBranch {name: '/restore'}) "
    "RETURN coalesce(t.revision, 0) AS revision, t.staged AS staged, coalesce(t.schema, 1) AS schema, b.reason AS restoring"
)
STATE: LiteralString = (
    "OPTIONAL MATCH (t:Twin {key: 'twin'}) RETURN coalesce(t.revision, 0) AS revision, t.staged AS staged, coalesce(t.quads, 0) AS quads"
)
REVISE: LiteralString = (
    "MATCH (t:Twin {key: 'twin'}) SET t.revision = $number, t.quads = coalesce(t.quads, 0) + $more "
    "CREATE (r:Revision {number: $number, author: $author, source: $source, "
    "at: $at, reason: $reason, key: $key, added: $added, removed: $removed, change: $change, commit: $commit})"
)
REVISION_FIELDS: LiteralString = (
    "RETURN r.number AS number, r.author AS author, r.source AS source, r.at AS at, r.reason AS reason, coalesce(r.key, '') AS key, "
    "r.added AS added, r.removed AS removed"
)
REVISIONS: LiteralString = "MATCH (r:Revision) WHERE r.number > $since " + REVISION_FIELDS + " ORDER BY number"
REVISION: LiteralString = "MATCH (r:Revision {number: $number}) " + REVISION_FIELDS
REVISION_OF_KEY: LiteralString = "MATCH (r:Revision {key: $key}) " + REVISION_FIELDS
REVISION_OF_COMMIT: LiteralString = "MATCH (r:Revision {number: $number, commit: $commit}) " + REVISION_FIELDS
CHANGE: LiteralString = "MATCH (r:Revision {number: $number}) RETURN r.change AS change, r.commit AS commit"

# -- changes that are too large for one transaction -----------------------------------------------------------------

ADD_PART: LiteralString = "MERGE (p:TwinPart {commit: $commit, part: $part}) SET p.data = $data, p.at = datetime()"
PART: LiteralString = "MATCH (p:TwinPart {commit: $commit, part: $part}) RETURN p.data AS data"
STAGE: LiteralString = (
    "MATCH (t:Twin {key: 'twin'}) SET t.staged = $commit "
    "CREATE (:TwinStaged {commit: $commit, number: $number, author: $author, source: $source, at: $at, reason: $reason, key: $key, "
    "added: $added, removed: $removed, parts: $parts, done: 0, more: 0, back: false, sweeps: $sweeps})"
)
STAGED: LiteralString = (
    "MATCH (s:TwinStaged {commit: $commit}) RETURN s.number AS number, s.author AS author, s.source AS source, s.at AS at, "
    "s.reason AS reason, coalesce(s.key, '') AS key, s.added AS added, s.removed AS removed, "
    "s.parts AS parts, s.done AS done, s.more AS more, s.back AS back, s.sweeps AS sweeps"
)
STAGED_DONE: LiteralString = "MATCH (s:TwinStaged {commit: $commit}) SET s.done = $done, s.more = s.more + $more"
STAGED_BACK: LiteralString = "MATCH (s:TwinStaged {commit: $commit}) SET s.back = true"
UNSTAGE: LiteralString = "MATCH (t:Twin {key: 'twin'}) REMOVE t.staged WITH t MATCH (s:TwinStaged {commit: $commit}) DELETE s"
DROP_PARTS: LiteralString = "MATCH (p:TwinPart {commit: $commit}) DELETE p"
DROP_LOST_PARTS: LiteralString = (
    "MATCH (p:TwinPart) WHERE p.at < datetime() - duration({hours: $hours}) "
    "AND NOT EXISTS { MATCH (r:Revision {commit: p.commit}) } AND NOT EXISTS { MATCH (s:TwinStaged {commit: p.commit}) } "
    "AND NOT EXISTS { MATCH (b:TwinBranchRevision {commit: p.commit}) } DELETE p"
)

# -- branches -------------------------------------------------------------------------------------------------------

BRANCHES: LiteralString = (
    "MATCH (r:TwinBranch) RETURN r.name AS name, r.base AS base, r.author AS author, r.source AS source, r.at AS at, r.reason AS reason, "
    "coalesce(r.key, '') AS key ORDER BY name"
)
BRANCH_REVISIONS: LiteralString = (
    "MATCH (r:TwinBranchRevision) RETURN r.branch AS branch, r.number AS number, r.author AS author, r.source AS source, r.at AS at, "
    "r.reason AS reason, coalesce(r.key, '') AS key, r.added AS added, r.removed AS removed ORDER BY branch, number"
)
NEW_BRANCH: LiteralString = (
    "CREATE (:TwinBranch {name: $name, base: $base, author: $author, source: $source, at: $at, reason: $reason, key: $key})"
)
LOCK_BRANCH: LiteralString = (
    "MATCH (b:TwinBranch {name: $branch}) SET b.asked = $asked WITH b "
    "OPTIONAL MATCH (r:TwinBranchRevision {branch: $branch}) RETURN b.name AS name, coalesce(max(r.number), 0) AS newest"
)
REVISE_BRANCH: LiteralString = (
    "CREATE (r:TwinBranchRevision {branch: $branch, number: $number, author: $author, source: $source, "
    "at: $at, reason: $reason, key: $key, added: $added, removed: $removed, change: $change, commit: $commit})"
)
BRANCH_REVISION_OF_KEY: LiteralString = "MATCH (r:TwinBranchRevision {branch: $branch}) WHERE r.key = $key " + REVISION_FIELDS
BRANCH_REVISION_OF_COMMIT: LiteralString = (
    "MATCH (r:TwinBranchRevision {branch: $branch, number: $number}) WHERE r.commit = $commit " + REVISION_FIELDS
)
BRANCH_CHANGE: LiteralString = (
    "MATCH (r:TwinBranchRevision {branch: $branch, number: $number}) RETURN r.change AS change, r.commit AS commit"
)
DROP_BRANCH: LiteralString = (
    "MATCH (b:TwinBranch {name: $branch}) OPTIONAL MATCH (r:TwinBranchRevision {branch: $branch}) "
    "OPTIONAL MATCH (p:TwinPart {commit: r.commit}) WITH b, collect(DISTINCT r) AS revisions, collect(DISTINCT p) AS parts "
    "FOREACH (r IN revisions | DELETE r) FOREACH (p IN parts | DELETE p) DELETE b RETURN 1 AS dropped"
)

# -- reading everything ---------------------------------------------------------------------------------------------

NODE_PAGE: LiteralString = (
    "CYPHER 5 MATCH (n:Resource) WHERE n.iri > $after WITH n ORDER BY n.iri LIMIT $limit "
    "RETURN collect(id(n)) AS ids, collect(n.iri) AS iris, collect(coalesce(n._facts, [])) AS facts"
)
LINK_PAGE: LiteralString = (
    "CYPHER 5 UNWIND $ids AS id MATCH (a)-[r]->(b) WHERE id(a) = id AND r.graphs IS NOT NULL "
    "RETURN type(r) AS name, r.graphs AS graphs, r.since AS since, collect(id) AS subjects, collect(id(b)) AS objects"
)
VIEW_PAGE: LiteralString = (
    "MATCH (n:Resource) WHERE n.iri > $after WITH n ORDER BY n.iri LIMIT $limit "
    "RETURN collect(n.iri) AS iris, collect(labels(n)) AS labels, collect(properties(n)) AS properties"
)
STRAYS: LiteralString = (
    "MATCH (n:Resource) WHERE NOT coalesce(n.iri =~ $iri, false) RETURN count(n) AS count, collect(elementId(n))[..$most] AS first"
)
VIEW_LINKS: LiteralString = (
    "MATCH (a:Resource) WHERE a.iri > $after AND a.iri <= $last MATCH (a)-[r]->(b:Resource) "
    "RETURN collect(a.iri) AS subjects, collect(type(r)) AS names, collect(b.iri) AS objects, collect(coalesce(r.graphs, [])) AS graphs"
)

# -- current values -------------------------------------------------------------------------------------------------

WRITE_VALUES: LiteralString = (
    "UNWIND $rows AS row MATCH (n:Resource {iri: row[0]}) WHERE n._facts IS NOT NULL OR EXISTS { (n)-->() } "
    "SET n.value = coalesce(row[1], n.value), n.observedAt = datetime({epochMillis: row[2]}), "
    "n.receivedAt = datetime({epochMillis: row[3]}), n.quality = row[4], n.qualityReason = row[5]"
)
VALUES: LiteralString = (
    "MATCH (n:Resource) WHERE n.quality IS NOT NULL AND n.receivedAt IS NOT NULL WITH n ORDER BY n.iri "
    "RETURN collect([n.iri, n.value, n.observedAt.epochMillis, n.receivedAt.epochMillis, n.quality, n.qualityReason]) AS rows"
)
