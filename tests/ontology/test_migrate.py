"""Migration: what an older Brick called otherwise is renamed where that is certain, and what is not certain is told and left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ontology.migrate import _RENAMED, Migrated, migrate
from ontology.namespaces import BRICK, RDF, REC
from ontology.rdf import read
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary, load_vocabulary

V103, V101, BEFORE = (
    "https://brickschema.org/schema/1.0.3/",
    "https://brickschema.org/schema/1.0.1/",
    "http://buildsys.org/ontologies/",
)
TYPE = RDF + "type"
OLD_MODELS = [  # file, statements, terms renamed, terms left
    ("hod-v1/buildings/example.ttl", 12, 9, 0),
    ("hod-v1/buildings/Rice.ttl", 1635, 34, 38),
    ("hod-v1/db/testbuildings/ciee.ttl", 1077, 27, 7),
    ("brick-repo/examples/rice_brick.ttl", 1665, 22, 36),
    ("brick-example-server/examples/data/ion.ttl", 73, 10, 6),
]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@pytest.mark.parametrize(("name", "statements", "renamed", "left"), OLD_MODELS)
def test_a_real_old_model_becomes_brick_1_5_statement_by_statement(
    vocabulary: Vocabulary, shared_data: Path, name: str, statements: int, renamed: int, left: int
) -> None:
    """As many statements as before; every new name is one that Brick 1.5 has, every other term is as it was; a second time does nothing."""
    block = read(shared_data / "models" / name, source="old")

    new, report = migrate(block, vocabulary)
    again, report_again = migrate(new, vocabulary)

    assert len(block) == len(new) == statements
    assert (sum(bool(row.new) for row in report), sum(not row.new for row in report)) == (renamed, left)
    assert all(vocabulary.term(row.new).is_known for row in report if row.new)
    names = {row.old: row.new or row.old for row in report}
    assert set(new) == {tuple(names.get(term, term) for term in quad[:3]) + quad[3:] for quad in block}
    assert set(again) == set(new)
    assert [row for row in report_again if row.new] == []


@pytest.mark.parametrize("namespace", [V103, V101, BEFORE, "https://brickschema.org/schema/1.1/", "http://brickschema.org/schema/1.2.1/"])
def test_every_old_namespace_is_known_and_relationships_move_to_bricks_own(vocabulary: Vocabulary, namespace: str) -> None:
    """`bf:` was the namespace of relationships; a model's own names under the same host are nobody's business."""
    own = BEFORE + "bldg1#RM100"
    block = QuadBlock.of([(own, TYPE, namespace + "Brick#AHU", "urn:g"), (own, namespace + "BrickFrame#feeds", "urn:b", "urn:g")])

    new, report = migrate(block, vocabulary)

    assert set(new) == {(own, TYPE, BRICK + "AHU", "urn:g"), (own, BRICK + "feeds", "urn:b", "urn:g")}
    assert report == [
        Migrated(namespace + "Brick#AHU", BRICK + "AHU", 1, "the same name in Brick 1.5"),
        Migrated(namespace + "BrickFrame#feeds", BRICK + "feeds", 1, "the same name in Brick 1.5"),
    ]


def test_what_has_no_certain_successor_is_left_and_told_with_what_may_be_meant(vocabulary: Vocabulary) -> None:
    """A guess would change what the model says."""
    block = QuadBlock.of([("urn:a", TYPE, V103 + "Brick#Discharge_Air_Flow", "urn:g"), ("urn:a", V103 + "BrickFrame#uuid", '"1"', "urn:g")])

    new, report = migrate(block, vocabulary)

    assert new is block
    assert [(row.new, row.why) for row in report] == [
        ("", "Brick 1.5 has nothing of that name: perhaps brick:Discharge_Air_Flow_Sensor or brick:Low_Discharge_Air_Flow_Alarm"),
        ("", "Brick 1.5 has nothing of that name"),
    ]


def test_deprecated_terms_are_replaced_only_when_asked_and_only_by_the_one_that_brick_names(vocabulary: Vocabulary) -> None:
    """`brick:Room` is `rec:Room` today; it stays while nobody asks."""
    block = QuadBlock.of([("urn:a", TYPE, BRICK + "Room", "urn:g"), ("urn:b", TYPE, V103 + "Brick#Floor", "urn:g")])

    kept, _ = migrate(block, vocabulary)
    new, report = migrate(block, vocabulary, deprecated=True)

    assert set(kept) == {("urn:a", TYPE, BRICK + "Room", "urn:g"), ("urn:b", TYPE, BRICK + "Floor", "urn:g")}
    assert set(new) == {("urn:a", TYPE, REC + "Room", "urn:g"), ("urn:b", TYPE, REC + "Level", "urn:g")}
    assert [row.why for row in report] == [
        "the same name in Brick 1.5; brick:Floor is deprecated in Brick 1.5, which names this successor",
        "brick:Room is deprecated in Brick 1.5, which names this successor",
    ]


def test_two_statements_that_become_the_same_are_one(vocabulary: Vocabulary) -> None:
    """A file that speaks of the old and the new Brick at once says it twice."""
    block = QuadBlock.of([("urn:a", V103 + "BrickFrame#feeds", "urn:b", "urn:g"), ("urn:a", BRICK + "feeds", "urn:b", "urn:g")])

    new, _ = migrate(block, vocabulary)

    assert list(new) == [("urn:a", BRICK + "feeds", "urn:b", "urn:g")]


def test_every_listed_renaming_leads_to_a_term_of_brick_1_5(vocabulary: Vocabulary) -> None:
    """And from one that it does not have."""
    assert {new for new, _ in _RENAMED.values() if not vocabulary.term(BRICK + new).is_known} == set()
    assert {old for old in _RENAMED if vocabulary.term(BRICK + old).is_known} == set()


def test_the_command_line_writes_the_new_model_and_tells_of_each_term(tmp_path: Path) -> None:
    """The file that is read stays as it is."""
    old = tmp_path / "old.ttl"
    old.write_text(f"@prefix bf: <{V103}BrickFrame#> . @prefix b: <{V103}Brick#> .\n<urn:a> a b:AHU ; bf:feeds <urn:b> ; bf:uuid '1' .\n")
    words = ["migrate", str(old), "-o", str(tmp_path / "new.ttl"), "--json", "--data", str(tmp_path)]

    done = subprocess.run([Path(sys.executable).with_name("ridethrough"), *words], capture_output=True, text=True, check=True)

    (report,) = json.loads(done.stdout)
    assert [(row["old"].split("#")[1], row["new"], row["count"]) for row in report["terms"]] == [
        ("AHU", BRICK + "AHU", 1),
        ("feeds", BRICK + "feeds", 1),
        ("uuid", None, 1),
    ]
    assert (tmp_path / "new.ttl").read_text() == (
        "@prefix brick: <https://brickschema.org/schema/Brick#> .\n\n"
        "<urn:a> a brick:AHU ;\n"
        '    <https://brickschema.org/schema/1.0.3/BrickFrame#uuid> "1" ;\n'
        "    brick:feeds <urn:b> .\n"
    )
