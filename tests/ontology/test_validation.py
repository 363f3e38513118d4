"""Validation: what is wrong in a model, where, why and what to do, unknown terms included, which shapes alone let pass."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from ontology.findings import Finding, Severity
from ontology.namespaces import BRICK, DCX, OWL, PREFIXES, RDFS
from ontology.rdf import read, read_stream
from ontology.shacl import Shapes
from ontology.terms import QuadBlock
from ontology.validate import validate
from ontology.vocabulary import load_vocabulary
from twin.demo.site import generate

VOCABULARY = load_vocabulary()
SHAPES = Shapes(VOCABULARY)
MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
HEAD = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + "@prefix : <urn:x:> .\n"


def model(text: str) -> QuadBlock:
    return read_stream(io.BytesIO((HEAD + text).encode()), name="model.ttl", format="turtle", source="x")


def findings(text: str) -> list[Finding]:
    return validate(model(text), VOCABULARY, SHAPES)


def codes(text: str) -> list[tuple[str, str]]:
    return [(f.code, f.focus) for f in findings(text)]


def test_a_class_that_brick_does_not_have_is_found_though_shapes_let_it_pass() -> None:
    """`brick:UPS` is in public models. To SHACL it is a class without shapes."""
    text = ":u a brick:UPS ."

    assert SHAPES.findings(model(text)) == []
    assert findings(text) == [
        Finding(
            Severity.ERROR,
            "unknown-term",
            "urn:x:u",
            "no ontology describes brick:UPS: nothing that asks for a class or a property will find it",
            "use dcx:UPS",
            BRICK + "UPS",
        )
    ]


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("brick:Emergency_Generator", "use dcx:Generator"),
        ("brick:Coolant_Distribution_Unit", "use dcx:CDU"),
        ("brick:Panelboard", "use brick:Breaker_Panel"),
        ("brick:ATS", "use brick:Automatic_Transfer_Switch"),
        ("brick:Chillr", "use brick:Chiller"),
        ("rec:MechanicalRoom", "use rec:UtilitiesRoom"),
        ("dcx:Quantum_Router", "correct the name, or load the ontology that describes it"),
    ],
)
def test_an_unknown_class_comes_with_what_may_be_meant(wrong: str, remedy: str) -> None:
    """By the same name elsewhere, by another name in use, or by nearly the same spelling."""
    (finding,) = findings(f":x a {wrong} .")

    assert (finding.code, finding.remedy) == ("unknown-term", remedy)


def test_an_unknown_property_is_named_once_with_its_count() -> None:
    """A thousand uses of one misspelling are one finding."""
    (finding,) = findings(" ".join(f":a{n} brick:hasUnits 'V' ." for n in range(3)))

    assert (finding.code, finding.focus, finding.count, finding.remedy) == ("unknown-term", "urn:x:a0", 3, "use brick:hasUnit")


def test_a_deprecated_class_is_a_warning_with_what_replaces_it() -> None:
    """Brick's own rule on deprecated classes would say it again for each instance."""
    found = [(f.severity, f.code, f.remedy, f.count) for f in findings(":r a brick:Server_Room . :s a brick:Server_Room .")]

    assert found == [(Severity.WARNING, "deprecated-term", "use rec:DataServerRoom", 2)]


def test_an_old_brick_is_one_finding_a_namespace() -> None:
    """Brick 1.0.3 and its frame; not one finding a term."""
    text = """@prefix b: <https://brickschema.org/schema/1.0.3/Brick#> . @prefix f: <https://brickschema.org/schema/1.0.3/BrickFrame#> .
    :a a b:AHU ; f:feeds :v . :v a b:VAV ."""

    assert [(f.code, f.path, f.count) for f in findings(text)] == [
        ("old-brick-namespace", "https://brickschema.org/schema/1.0.3/Brick#", 2),
        ("old-brick-namespace", "https://brickschema.org/schema/1.0.3/BrickFrame#", 1),
    ]


def test_an_import_is_told_as_not_read() -> None:
    """What is imported is never fetched; the ontologies that are built in need no import."""
    text = ":m a owl:Ontology ; owl:imports <https://brickschema.org/schema/1.4/Brick> , <http://site.example/racks> , <urn:other> ."

    found = findings(f"@prefix owl: <{OWL}> . {text}")

    assert [(str(f.severity), f.code, f.focus, f.path) for f in found] == [
        ("info", "imports-not-read", "urn:x:m", "http://site.example/racks"),
        ("info", "imports-not-read", "urn:x:m", "urn:other"),
    ]


def test_texts_with_control_characters_are_told_once() -> None:
    """A terminal acts on them, and RDF/XML cannot hold every one; tabs and line ends are as good as letters."""
    (finding,) = findings(r""":a rdfs:label "a\u001Bb" . :b rdfs:label "c\u0092" , "d\n\r\t" .""")

    assert (str(finding.severity), finding.code, finding.focus, finding.count) == ("warning", "control-character", "urn:x:a", 2)
    assert r'"a\x1bb"' in finding.message


def test_a_users_own_terms_are_known(tmp_path: Path) -> None:
    """Described in the model itself, or in an extra ontology file; and shapes see their superclasses."""
    extra = tmp_path / "own.ttl"
    extra.write_text(f"<urn:own:Rotary_UPS> <{RDFS}subClassOf> <{DCX}UPS> . <{BRICK}Local_Thing> <{RDFS}subClassOf> <{BRICK}Equipment> .")
    text = ":u a <urn:own:Rotary_UPS> . :t a brick:Local_Thing ."

    found = validate(model(text), load_vocabulary([extra]))

    assert [(f.code, f.focus) for f in found] == [("ups-is-fed", "urn:x:u")]
    assert findings(":t a brick:My_Class . brick:My_Class rdfs:subClassOf brick:Equipment .") == []


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("ups-is-fed", ":x a dcx:UPS .", ":x a dcx:UPS . :b dcx:feedsPower :x ."),
        ("ups-is-fed", ":x a dcx:UPS ; brick:feeds :y .", ":x a dcx:UPS ; brick:isFedBy :y ."),
        (
            "rack-is-fed",
            ":x a brick:ICT_Rack ; brick:hasLocation :h . :h a dcx:Data_Hall .",
            ":x a brick:ICT_Rack ; brick:hasLocation :h . :h a dcx:Data_Hall . :p dcx:feedsPower :x .",
        ),
        (
            "rack-has-a-place",
            ":x a brick:ICT_Rack . :p dcx:feedsPower :x .",
            ":x a brick:ICT_Rack . :p dcx:feedsPower :x . :h a dcx:Data_Hall ; brick:isLocationOf :x .",
        ),
        ("service-runs-somewhere", ":x a dcx:Service .", ":x a dcx:Service . :s dcx:feedsCompute :x ."),
        (
            "group-has-members",
            ":x a dcx:Redundancy_Group ; dcx:requiredCount 0 .",
            ":x a dcx:Redundancy_Group ; dcx:hasMember :a ; dcx:requiredCount 1 .",
        ),
        (
            "group-needs-no-more-than-it-has",
            ":x a dcx:Redundancy_Group ; dcx:hasMember :a , :b ; dcx:requiredCount 3 .",
            ":x a dcx:Redundancy_Group ; dcx:hasMember :a , :b ; dcx:requiredCount 2 .",
        ),
        (
            "group-has-a-needed-count",
            ":x a dcx:Redundancy_Group ; dcx:hasMember :a .",
            ":x a dcx:Redundancy_Group ; dcx:hasMember :a ; dcx:requiredCount 1 .",
        ),
        (
            "requirement-has-a-medium",
            ":x dcx:requires [ dcx:atLeast 1 ] .",
            ":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 1 ] . :y dcx:feedsPower :x .",
        ),
        (
            "requirement-says-how-much",
            ":x dcx:requires [ dcx:medium dcx:Power ] .",
            ":x dcx:requires [ dcx:medium dcx:Power ; dcx:allOf true ] .",
        ),
        (
            "requirement-counts-from-0",
            ":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast -1 ] .",
            ":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 0 ] .",
        ),
        ("switch-position", ":x dcx:normalPosition 'open' .", ":x dcx:normalPosition dcx:Open ."),
        (
            "tie-has-a-position",
            ":x a dcx:Tie_Breaker ; dcx:ties :a , :b .",
            ":x a dcx:Tie_Breaker ; dcx:ties :a , :b ; dcx:normalPosition dcx:Open . :a dcx:isSource true .",
        ),
        (
            "tie-joins-two-buses",
            ":x a dcx:Tie_Breaker ; dcx:ties :a ; dcx:normalPosition dcx:Open .",
            ":x a dcx:Tie_Breaker ; dcx:ties :a , :b ; dcx:normalPosition dcx:Open . :a dcx:isSource true .",
        ),
        ("mqtt-topic", ":x a dcx:MQTTReference .", ":x a dcx:MQTTReference ; dcx:topic 'a/b' ."),
        ("mqtt-topic", ":x a dcx:MQTTReference ; dcx:topic 'a/+/c' .", ":x a dcx:MQTTReference ; dcx:topic 'a/b/c' ."),
        (
            "json-pointer",
            ":x a dcx:MQTTReference ; dcx:topic 'a' ; dcx:jsonPointer 'b' .",
            ":x a dcx:MQTTReference ; dcx:topic 'a' ; dcx:jsonPointer '/b' .",
        ),
        (
            "quantity-has-value-and-unit",
            ":x dcx:allocatedPower [ brick:value 3 ] .",
            ":x dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] . :y dcx:feedsPower :x .",
        ),
        (
            "one-planned-power",
            ":x dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ], [ brick:value 4 ; brick:hasUnit unit:KiloW ] .",
            ":x dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] . :y dcx:feedsPower :x .",
        ),
        ("rack-units", ":x dcx:uPosition 'top' .", ":x dcx:uPosition 42 ."),
        ("share-of-a-store", ":x dcx:stateOfHealth 7 .", ":x dcx:stateOfHealth 0.9 ."),
        ("share-of-a-store", ":x dcx:inverterEfficiency 5.0 .", ":x dcx:inverterEfficiency 1 ."),
        ("share-of-a-store", ':x dcx:stateOfHealth "good" .', ":x dcx:stateOfHealth 1.0 ."),
        ("peukert-exponent", ":x dcx:peukertExponent 0.2 .", ":x dcx:peukertExponent 1.25 ."),
        ("derating", ":x dcx:deratingFactor 1.2 .", ":x dcx:deratingFactor 0.8 ."),
        ("sample-period", ":x dcx:samplePeriod 0 .", ":x dcx:samplePeriod 0.5 ."),
        ("tenant-is-a-tenant", ":s dcx:hasTenant :x .", ":s dcx:hasTenant :x . :x a dcx:Tenant ."),
        ("feeds-itself", ":x dcx:feedsPower :x .", ":x dcx:feedsPower :y . :y rdfs:label 'y' ."),
        ("feeds-both-ways", ":x brick:feeds :y . :x brick:isFedBy :y .", ":x brick:feeds :y . :y brick:isFedBy :x ."),
        ("feeds-both-ways", ":x dcx:feedsPower :y . :y dcx:feedsPower :x .", ":x dcx:feedsPower :y . :y dcx:feedsControl :x ."),
    ],
)
def test_a_rule_and_what_satisfies_it(code: str, bad: str, good: str) -> None:
    """The bad model has this finding on `:x`, or on what `:x` leads to; the good one has none at all."""
    assert (code, "urn:x:x") in codes(bad)
    assert findings(good) == []


PDUS = ":x a dcx:Rack_PDU . :y a dcx:Rack_PDU . "


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (PDUS + ":x dcx:feedsPower :y . :y brick:feeds :x .", True),
        (PDUS + ":x dcx:feedsPower :y ; brick:isFedBy :y .", True),
        (":x dcx:feedsPower :y . :y brick:feeds :x .", True),
        (PDUS + ":x dcx:feedsPower :y . :y dcx:feedsNetwork :x .", False),
        (PDUS + ":x dcx:feedsPower :y . :y dcx:feedsNetwork :x ; brick:feeds :x .", False),
        # the unit is fed with power, and what it hands on is air
        (":x a dcx:UPS ; dcx:feedsPower :y . :y a brick:Computer_Room_Air_Handler ; brick:feeds :x .", False),
    ],
)
def test_feeds_against_each_other_are_told_by_whatever_property_they_are_said(text: str, is_told: bool) -> None:
    """A plain `brick:feeds` that can only mean the medium of a feed the other way contradicts it; one that means another does not."""
    found = [finding for finding in findings(text) if finding.code == "feeds-both-ways"]

    assert [(finding.focus, finding.count) for finding in found] == ([("urn:x:x", 2)] if is_told else [])


GATEWAY = ":gw a dcx:Modbus_Gateway ; dcx:host '127.0.0.1' ; dcx:port 1502 ."
POINT = """:x a brick:Temperature_Sensor ; brick:hasUnit unit:DEG_C ; ref:hasExternalReference
    [ a dcx:ModbusReference ; dcx:gateway :gw ; dcx:unitId 3 ; dcx:function 'holding' ; dcx:address 10 ; dcx:dataType 'int16' ;
      dcx:scale 0.1 ; dcx:sourceUnit unit:DEG_F ] ."""


@pytest.mark.parametrize(
    ("said", "instead", "code"),
    [
        ("dcx:gateway :gw ;", "", "modbus-gateway-is-named"),
        ("dcx:gateway :gw ;", "dcx:gateway :other ;", "modbus-gateway-is-named"),
        ("dcx:unitId 3", "dcx:unitId 256", "modbus-unit"),
        ("'holding'", "'holdings'", "modbus-function"),
        ("'holding'", "'coil'", "modbus-bits-are-bool"),
        ("dcx:address 10", "dcx:address 65536", "modbus-address"),
        ("'int16'", "'word'", "modbus-data-type"),
        ("dcx:scale 0.1", "dcx:wordOrder 'middle'", "modbus-word-order"),
        ("unit:DEG_F", "unit:KiloW", "unit-mismatch"),
        ("brick:hasUnit unit:DEG_C ;", "", "wired-sensor-has-a-unit"),
        ("dcx:port 1502", "dcx:port 0", "gateway-has-a-port"),
        ("dcx:host '127.0.0.1' ;", "", "gateway-has-an-address"),
        ("dcx:scale 0.1", "dcx:byteOrder 'middle'", "modbus-byte-order"),
        ("dcx:port 1502", "dcx:port 1502 ; dcx:framing 'ascii'", "gateway-framing"),
    ],
)
def test_a_modbus_reference_is_complete(said: str, instead: str, code: str) -> None:
    """The whole reference has no finding; each change to it has one, on the point or the gateway, never on a blank node."""
    assert findings(POINT + GATEWAY) == []

    assert codes((POINT + GATEWAY).replace(said, instead)) == [(code, "urn:x:gw" if code.startswith("gateway") else "urn:x:x")]


def test_a_serial_gateway_has_no_address_and_a_register_map_a_gateway() -> None:
    """The line is named by a setting. A device that names a map without a gateway cannot be reached."""
    serial = ":gw a dcx:Modbus_Gateway ; dcx:framing 'serial' . "
    device = ":d a dcx:UPS ; dcx:registerMap 'acme' ; dcx:unitId 3 ; dcx:gateway :gw . "

    assert [code for code, _ in codes(serial + device) if "gateway" in code] == []
    assert ("register-map-has-a-gateway", "urn:x:d") in codes(serial + device.replace("dcx:gateway :gw", "dcx:addressOffset 7"))


def test_an_unknown_unit_is_a_warning_and_a_unit_of_qudt_is_no_fault_of_the_model() -> None:
    """Brick asks for a `qudt:Unit`; QUDT's files are not loaded, so the check of units is our own."""
    assert findings(":p a brick:Pressure_Sensor ; brick:hasUnit unit:KiloPA .") == []

    (finding,) = findings(":p a brick:Electric_Power_Sensor ; brick:hasUnit unit:kW .")

    assert (finding.severity, finding.code, finding.remedy) == (Severity.WARNING, "unknown-unit", "use unit:KiloW")


def test_bricks_own_shapes_are_asked() -> None:
    """A rack is no point."""
    (finding,) = findings(":c a brick:Chiller ; brick:hasPoint :p . :p a rec:Room .")

    assert (finding.code, finding.focus, finding.path) == ("brick-shape", "urn:x:c", BRICK + "hasPoint")


def test_findings_come_the_worst_first_and_equal_for_equal_models() -> None:
    """Errors, then warnings; by rule, then by node."""
    text = ":r a brick:Server_Room . :b a brick:UPS . :a a dcx:UPS . :s a dcx:Service ."
    found = findings(text)

    assert found == findings(text)
    assert [(f.severity.value, f.code) for f in found] == [
        ("error", "unknown-term"),
        ("error", "ups-is-fed"),
        ("warning", "deprecated-term"),
        ("warning", "service-runs-somewhere"),
    ]
    assert all(f.message and f.remedy for f in found)


@pytest.mark.parametrize(
    "name", ["shifty-bench/benchmark/brick/models/bldg1.ttl", "brick-repo/examples/g36/g36-ahu-a9.ttl", "hod-v1/buildings/Rice.ttl"]
)
def test_a_real_model_is_validated(name: str) -> None:
    """A real building with deprecated zones, a clean example of Brick's own, and one of Brick 1.0.3."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared test data is not at {MODELS}")
    seen = {f.code for f in validate(read(MODELS / name, source="m"), VOCABULARY, SHAPES)}

    assert (
        seen
        == {
            "bldg1.ttl": {"brick-shape", "deprecated-term", "unknown-term", "unknown-unit"},
            "g36-ahu-a9.ttl": set(),
            "Rice.ttl": {"old-brick-namespace"},
        }[Path(name).name]
    )


def test_an_empty_model_has_no_findings() -> None:
    """Nothing said, nothing wrong."""
    assert validate(QuadBlock.empty(), VOCABULARY, SHAPES) == []


OWN = """
@prefix my: <urn:my:> . @prefix dcx: <https://w3id.org/ridethrough/ontology#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
my:Rotary_UPS a owl:Class ; rdfs:subClassOf dcx:UPS .
my:rpm a owl:DatatypeProperty .
my:RotaryShape a sh:NodeShape ; sh:targetClass my:Rotary_UPS ;
    sh:property [ sh:path my:rpm ; sh:minCount 1 ; sh:message "a rotary UPS turns at some speed → give my:rpm" ] .
"""
OWN_MODEL = """
@prefix my: <urn:my:> . @prefix brick: <https://brickschema.org/schema/Brick#> . @prefix dcx: <https://w3id.org/ridethrough/ontology#> .
my:U1 a my:Rotary_UPS . my:U2 a my:Rotary_UPZ . my:Mains a dcx:Utility_Feed ; dcx:feedsPower my:U1, my:U2 .
"""


def test_a_users_own_ontology_brings_its_terms_and_its_shapes(tmp_path: Path) -> None:
    """A shape of the user's file asks, and a misspelt class in the user's namespace is found; things named there are no terms."""
    own, model = tmp_path / "own.ttl", tmp_path / "model.ttl"
    own.write_text(OWN)
    model.write_text(OWN_MODEL)

    found = validate(read(model, source="model"), load_vocabulary([own]))

    assert [f.remedy for f in found if f.code == "unknown-term"] == ["use urn:my:Rotary_UPS"]
    assert any("turns at some speed" in f.message and f.focus == "urn:my:U1" for f in found)
    assert not any(f.path in {"urn:my:U1", "urn:my:Mains"} for f in found)


def test_the_guide_names_every_rule() -> None:
    """Each code of a check stands in docs/guides/validation.md; those of the shapes are generated into the ontology guide."""
    root = Path(__file__).parents[2]
    checks = "".join((root / "ontology" / f"{name}.py").read_text() for name in ("term_check", "model_check", "sanity", "rings"))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', checks)) - {"utf-8"}

    guide = (root / "docs" / "guides" / "validation.md").read_text()

    assert len(codes) == 22
    assert [code for code in sorted(codes) if f"`{code}`" not in guide] == []


def test_a_large_model_is_validated_part_by_part_with_the_findings_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site with every seventh fact missing has hundreds of findings, blank nodes and unknown terms among them."""
    site = [*(quad for number, quad in enumerate(generate(2)) if number % 7), *model(":u a brick:UPS ; brick:hasUnits 'V' .")]
    block = QuadBlock.of(site)
    whole = validate(block, VOCABULARY, SHAPES)

    monkeypatch.setattr("ontology.validate.WHOLE_MAX", 100)
    monkeypatch.setattr("ontology.incremental.PART", 300)

    assert len(whole) > 100
    assert validate(block, VOCABULARY, SHAPES) == whole
