"""The first blast radius: the demo's site gives the answers it must, the same from command line and GraphQL, on SQLite and on Neo4j."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.neo4j_server import emptied

RIDETHROUGH = str(Path(sys.executable).with_name("ridethrough"))
RACKS = 40
DEMO = "urn:ridethrough:demo:"
RACK = "https://brickschema.org/schema/Brick#ICT_Rack"
QUERY = """query ($failed: [ID!]!, $asOf: AsOf, $branch: String) { impact(failed: $failed, asOf: $asOf, branch: $branch) {
  revision failed assumed
  outcomes { id class medium outcome evidence path }
  totals { racks { ...c } services { ...c } tenants { ...c } itLoadKw { lost overloaded noRedundancy reduced unaffected } }
} }
fragment c on OutcomeCount { lost overloaded noRedundancy reduced unaffected }"""
CAMEL = {"LOST": "lost", "OVERLOADED": "overloaded", "NO_REDUNDANCY": "noRedundancy", "REDUCED": "reduced", "UNAFFECTED": "unaffected"}

Answer = dict[str, Any]


class Site:
    """A twin in a folder or in Neo4j, asked through the faces that users have."""

    def __init__(self, folder: Path, store: str) -> None:
        self.env = {**os.environ, "RIDETHROUGH_DATA": str(folder / "data"), "RIDETHROUGH_STORE": store, "NO_COLOR": "1"}
        self.folder = folder

    def run(self, *words: str) -> str:
        """One command, which must end well."""
        done = subprocess.run([RIDETHROUGH, *words], env=self.env, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def impact(self, *failed: str, options: Sequence[str] = ()) -> Answer:
        """The command line's answer."""
        answer: Answer = json.loads(self.run("impact", *(f"demo:{name}" for name in failed), *options, "--json"))
        return answer

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of the service over this twin."""
        service = subprocess.Popen(
            [RIDETHROUGH, "serve", "--port", "0", "--no-modbus"],
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert service.stdout is not None
        try:
            yield next(found[0] for line in service.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            service.send_signal(signal.SIGINT)
            printed, _ = service.communicate(timeout=30)
        assert service.returncode == 0, printed


@pytest.fixture(scope="module", params=["sqlite", "neo4j"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The demo's site, loaded into the store under test."""
    one = Site(tmp_path_factory.mktemp(request.param), emptied() if request.param == "neo4j" else "")
    one.run("generate", "--racks", str(RACKS), "-o", "site.ttl")
    one.run("load", "site.ttl", "--source", "demo")
    return one


def racks(answer: Answer, outcome: str, medium: str = "Power") -> set[str]:
    """The racks of one outcome in a medium."""
    return {
        o["id"].removeprefix(DEMO)
        for o in answer["outcomes"]
        if o["class"] == RACK and o["outcome"] == outcome and o["medium"].endswith("#" + medium)
    }


def cords(site: Site) -> dict[str, str]:
    """The sides of each rack, by the names of the rack PDUs that feed it: `R001 -> AB`."""
    text = site.run("export", "--format", "ntriples")
    feeds = re.findall(r"^<urn:ridethrough:demo:RPDU-(\w+)-(\w)> <[^>]*#feedsPower> <urn:ridethrough:demo:Rack-\1> \.$", text, re.MULTILINE)
    assert feeds, "no rack is fed by a rack PDU"
    sides: dict[str, str] = {}
    for rack, side in sorted(feeds):
        sides[f"Rack-{rack}"] = sides.get(f"Rack-{rack}", "") + side
    return sides


def test_losing_one_sides_ups_darkens_single_corded_racks_alone(site: Site) -> None:
    """2N: racks with both cords lose their redundancy, racks on the lost side alone go dark, and the evidence is that UPS."""
    sides = cords(site)

    answer = site.impact("UPS-A")

    assert {rack for rack, fed in sides.items() if fed == "A"} == racks(answer, "LOST") != set()
    assert {rack for rack, fed in sides.items() if fed == "AB"} == racks(answer, "NO_REDUNDANCY") != set()
    assert {tuple(o["evidence"]) for o in answer["outcomes"] if o["class"] == RACK} == {(DEMO + "UPS-A",)}
    assert all(o["path"][0] == DEMO + "UPS-A" and o["path"][-1] == o["id"] for o in answer["outcomes"])


def test_losing_both_sides_darkens_every_rack(site: Site) -> None:
    """Both UPSs gone: every rack is lost."""
    answer = site.impact("UPS-A", "UPS-B")

    assert set(cords(site)) == racks(answer, "LOST")
    assert answer["totals"]["racks"] == {"LOST": RACKS, "OVERLOADED": 0, "NO_REDUNDANCY": 0, "REDUCED": 0, "UNAFFECTED": 0}


def test_losing_one_chiller_of_n_plus_one_loses_nothing(site: Site) -> None:
    """The other chillers carry the load."""
    answer = site.impact("Chiller-1")

    assert [o["id"] for o in answer["outcomes"] if o["outcome"] == "LOST"] == []


def test_graphql_gives_the_answer_of_the_command_line(site: Site) -> None:
    """The same outcomes, evidence, paths and totals from both faces."""
    failures = (["UPS-A"], ["UPS-A", "UPS-B"], ["Chiller-1"])
    typed = [site.impact(*failed) for failed in failures]

    with site.served() as address:
        asked = [asked_at(address, failed) for failed in failures]

    for line, face in zip(typed, asked, strict=True):
        assert_alike(line, face)


def test_the_blast_radius_as_it_was_is_the_same_from_both_faces(site: Site) -> None:
    """A rack of side A alone gets a cord from side B, which is pulled again, and on a branch gets it for good: for each of these states, by
    number, by instant and by branch, both faces say alike whether losing UPS A darkens it."""
    sides = cords(site)
    single = min(rack for rack, fed in sides.items() if fed == "A")
    neighbour = min(rack for rack, fed in sides.items() if fed == "AB").removeprefix("Rack-")
    cord = f"<{DEMO}RPDU-{neighbour}-B> <https://w3id.org/ridethrough/ontology#feedsPower> <{DEMO}{single}> .\n"
    (site.folder / "cord.nt").write_text(cord)
    site.run("load", "cord.nt", "--source", "plan")
    site.run("revert", "2", "--reason", "the cord was pulled")
    site.run("branch", "create", "second-cord", "--reason", "what if it stayed")
    site.run("branch", "edit", "second-cord", "--add", "cord.nt")
    instant = next(each["at"] for each in json.loads(site.run("log", "--json"))["revisions"] if each["revision"] == 2)
    states: Mapping[tuple[str, ...], Answer] = {
        ("--at", "1"): {"asOf": {"revision": 1}},
        ("--at", instant): {"asOf": {"at": instant}},
        (): {},
        ("--branch", "second-cord"): {"branch": "second-cord"},
    }
    typed = [site.impact("UPS-A", options=options) for options in states]

    with site.served() as address:
        asked = [asked_at(address, ["UPS-A"], **variables) for variables in states.values()]

    assert [single in racks(answer, "LOST") for answer in typed] == [True, False, True, False]
    for line, face in zip(typed, asked, strict=True):
        assert_alike(line, face)


def asked_at(address: str, failed: Sequence[str], **variables: Any) -> Answer:
    """The answer of GraphQL."""
    given = {"failed": [f"demo:{name}" for name in failed], **variables}
    answer = httpx.post(f"{address}/graphql", json={"query": QUERY, "variables": given}, timeout=60).json()
    assert "errors" not in answer, answer
    impact: Answer = answer["data"]["impact"]
    return impact


def assert_alike(line: Answer, face: Answer) -> None:
    """The answer of the command line is the answer of GraphQL."""
    assert (line["revision"], line["failed"], line["assumed"]) == (face["revision"], face["failed"], face["assumed"])
    assert [{k: o[k] for k in ("id", "class", "medium", "outcome", "evidence", "path")} for o in line["outcomes"]] == face["outcomes"]
    for kind in ("racks", "services", "tenants", "it_load_kw"):
        counts = face["totals"]["itLoadKw" if kind == "it_load_kw" else kind]
        assert {CAMEL[k]: v for k, v in line["totals"][kind].items()} == pytest.approx(counts)
