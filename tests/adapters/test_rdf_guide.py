"""The RDF guide's commands run as they stand: curl syncs, rdflib queries, and neither knows anything of us."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from adapters.rdf.rules import ParseLimits, QueryLimits, RdfRules
from tests.support.rdf_served import rdf_served

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "rdf.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_runs_from_its_first_command_to_its_last(tmp_path: Path) -> None:
    """Each command succeeds in its order; the twin then says what the guide has told it, and rdflib prints it."""
    told = []
    with rdf_served() as rdf:
        for kind, text in BLOCKS:
            command = ["bash", "-euo", "pipefail", "-c"] if kind == "sh" else [sys.executable, "-c"]
            done = subprocess.run(
                [*command, text.replace("http://127.0.0.1:8080", rdf.base)], cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            told.append(done.stdout)
        revisions = [(r.number, r.added, r.removed) for r in rdf.ledger.revisions()]

    put, dry, got, patched, noted, rows, printed = told
    assert (put, patched, noted) == ("", "", "")
    assert '"addedCount":0' in dry
    assert "brick:feeds <urn:hall:vav-1>" in got
    assert sorted(rows.split()) == ["from,to", "urn:hall:ahu-1,urn:hall:vav-1"]
    assert printed == "[('urn:hall:ahu-1', 'Air handler 1')]\n"
    assert revisions == [(3, 1, 0), (2, 1, 1), (1, 6, 0)]


def test_the_guide_names_the_limits_that_hold() -> None:
    """The table of limits says what the code says."""
    parse, query, rules = ParseLimits(), QueryLimits(), RdfRules()

    said = [
        f"{rules.body_bytes >> 20} MB, {parse.triples:,} triples, {parse.seconds:g} s, {parse.memory_bytes >> 30} GB",
        f"{parse.literal_bytes >> 10} KB, {parse.iri_bytes >> 10} KB",
        f"{parse.depth} levels",
        f"{query.query_bytes >> 10} KB, 10,000 words, {query.seconds:g} s, {query.memory_bytes >> 20} MB",
        f"{query.answer_bytes >> 20} MB: add `LIMIT`",
    ]
    assert [line for line in said if line not in GUIDE] == []
