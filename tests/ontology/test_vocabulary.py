"""The vocabulary: what is below what, what is deprecated, and that its compiled form on disk is never the only copy."""

from pathlib import Path

import pytest

from ontology.errors import OntologyError, RdfError
from ontology.namespaces import BRICK, DCX, RDFS, REC, expand
from ontology.vocabulary import Vocabulary, load_vocabulary

VOCABULARY = load_vocabulary()


@pytest.fixture
def own_classes(tmp_path: Path) -> Path:
    """A user's file with one class of its own under ours: it makes every load a new one, which no other test has made before."""
    path = tmp_path / "own.ttl"
    path.write_text(f"<urn:own:Rotary_UPS> <{RDFS}subClassOf> <{DCX}UPS> ; <{RDFS}label> 'Rotary UPS' .")
    return path


def everything(vocabulary: Vocabulary) -> tuple[object, ...]:
    return dict(vocabulary.classes), dict(vocabulary.properties), dict(vocabulary.supply.said), vocabulary.term(DCX + "Open")


def test_brick_is_the_pinned_one() -> None:
    """Brick 1.5.0 declares 1,460 classes in its namespace, counted in its Turtle; two more are kinds of property, below others."""
    brick = {c for c in VOCABULARY.classes if c.startswith(BRICK)}

    assert len(brick - {BRICK + "EntityProperty", BRICK + "Relationship"}) == 1460
    assert VOCABULARY.classes[BRICK + "CRAH"].origin == "Brick 1.5.0"


def test_superclasses_are_nearest_first_and_equivalents_stand_at_their_distance() -> None:
    """CRAH is another name of Computer_Room_Air_Handler, which is HVAC equipment, which is equipment."""
    above = VOCABULARY.superclasses(BRICK + "CRAH")

    assert above[:4] == (BRICK + "CRAH", BRICK + "Computer_Room_Air_Handler", BRICK + "HVAC_Equipment", BRICK + "Equipment")


def test_subclasses_include_the_class_its_equivalents_and_theirs() -> None:
    """An RTU is said to be an AHU, and a DOAS an Air_Handling_Unit; both names of one class find both."""
    for name in ("AHU", "Air_Handling_Unit", "Air_Handler_Unit"):
        below = VOCABULARY.subclasses(BRICK + name)

        assert {BRICK + n for n in ("AHU", "Air_Handling_Unit", "RTU", "DOAS", "Rooftop_Unit")} <= below


def test_a_ring_of_equivalents_ends() -> None:
    """Supply_Fan and Discharge_Fan are each other's equivalent."""
    assert BRICK + "Discharge_Fan" in VOCABULARY.superclasses(BRICK + "Supply_Fan")


def test_an_unknown_class_is_only_itself() -> None:
    """A class that no ontology describes has no superclasses and is no error here."""
    assert VOCABULARY.superclasses("urn:x:Thing") == ("urn:x:Thing",)
    assert VOCABULARY.subclasses("urn:x:Thing") == {"urn:x:Thing"}


@pytest.mark.parametrize(
    ("types", "shown"),
    [
        ("brick:Server dcx:GPU_Server brick:Equipment", "dcx:GPU_Server"),
        ("brick:Equipment urn:x:Rotary_UPS", "brick:Equipment"),
        ("brick:Server_Room rec:DataServerRoom", "rec:DataServerRoom"),
        ("owl:NamedIndividual dcx:UPS", "dcx:UPS"),
        ("urn:x:B urn:x:A", "urn:x:A"),
    ],
)
def test_the_class_shown_says_most(types: str, shown: str) -> None:
    """Below before above, current before deprecated, known before unknown."""
    assert VOCABULARY.most_specific([expand(t) for t in types.split()]) == expand(shown)


def test_a_thing_without_a_class_shows_none() -> None:
    """No types, no class."""
    assert VOCABULARY.most_specific([]) is None


def test_terms_are_known_deprecated_or_unknown() -> None:
    """`brick:UPS` is in public models, and in no Brick."""
    assert not VOCABULARY.term(BRICK + "UPS").is_known
    assert VOCABULARY.term(BRICK + "Server_Room").replaced_by == (REC + "DataServerRoom",)
    assert VOCABULARY.term(BRICK + "feeds").kind == "property"
    assert VOCABULARY.term(DCX + "Open").kind == "individual"


def test_a_users_own_class_appears_below_ours(own_classes: Path) -> None:
    """It is then found wherever a class is asked for with its subclasses."""
    vocabulary = load_vocabulary([own_classes])

    assert "urn:own:Rotary_UPS" in vocabulary.subclasses(DCX + "UPS")
    assert "urn:own:Rotary_UPS" in vocabulary.subclasses(BRICK + "Electrical_Equipment")
    assert vocabulary.classes["urn:own:Rotary_UPS"].origin == "own.ttl"
    assert "urn:own:Rotary_UPS" not in VOCABULARY.subclasses(DCX + "UPS")


def test_the_cached_form_equals_the_fresh_one(own_classes: Path, tmp_path: Path) -> None:
    """Built, kept, and read again."""
    fresh = everything(load_vocabulary([own_classes], cache=tmp_path / "cache"))

    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert everything(load_vocabulary([own_classes], cache=tmp_path / "cache")) == fresh


@pytest.mark.parametrize("damage", [b"", b"{", b"0" * 32 + b"\n{}"])
def test_a_broken_cache_is_built_anew(own_classes: Path, tmp_path: Path, damage: bytes) -> None:
    """Empty, cut off, or of another content than its digest says."""
    fresh = everything(load_vocabulary([own_classes], cache=tmp_path / "cache"))
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()

    file.write_bytes(damage)

    assert everything(load_vocabulary([own_classes], cache=tmp_path / "cache")) == fresh
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(own_classes: Path, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("in the way")

    assert "urn:own:Rotary_UPS" in load_vocabulary([own_classes], cache=tmp_path / "cache").classes


def test_a_changed_ontology_file_is_read_anew(own_classes: Path, tmp_path: Path) -> None:
    """The cache is known by the content of its files, not by their names or times."""
    load_vocabulary([own_classes], cache=tmp_path / "cache")

    own_classes.write_text(f"<urn:own:Static_UPS> <{RDFS}subClassOf> <{DCX}UPS> .")

    assert "urn:own:Static_UPS" in load_vocabulary([own_classes], cache=tmp_path / "cache").classes


def test_an_extra_file_that_is_missing_or_broken_is_refused_with_its_name(tmp_path: Path) -> None:
    """A vocabulary with a hole in it would validate wrongly."""
    broken = tmp_path / "broken.ttl"
    broken.write_text("<urn:a> <urn:b>")

    with pytest.raises(OntologyError, match=r"missing\.ttl"):
        load_vocabulary([tmp_path / "missing.ttl"])
    with pytest.raises(RdfError, match=r"broken\.ttl:1:16"):
        load_vocabulary([broken])
