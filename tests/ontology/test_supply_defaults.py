"""The supply model's defaults: data on classes, inherited from the nearest class that says something."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.namespaces import BRICK, DCX, RDFS, REC, S223, UNIT, expand
from ontology.supply import RequirementDefault
from ontology.vocabulary import load_vocabulary, ontology_files

VOCABULARY = load_vocabulary()
SUPPLY = VOCABULARY.supply
MEDIA = {DCX + m for m in ("Power", "LiquidCooling", "AirCooling", "Network", "Compute", "Control")}


def names(iris: Iterable[str]) -> str:
    return " ".join(sorted(i.removeprefix(DCX) for i in iris))


def test_defaults_are_said_only_of_known_current_classes_and_media() -> None:
    """A default on a misspelled class would change nothing, in silence. An environmental class is an individual with values."""
    for iri, own in SUPPLY.said.items():
        assert VOCABULARY.term(iri).kind == ("individual" if iri.startswith(DCX + "ASHRAE_") else "class"), iri
        assert not VOCABULARY.term(iri).deprecated, iri
        media = {*(own.hands_on or ()), *(own.takes_in or ()), *(own.source_of or ()), *(r.medium for r in own.requirements or ())}
        assert media <= MEDIA, iri


def test_supply_data_uses_only_known_terms() -> None:
    """Every term of the supply file is one that Brick or the extension describes."""
    path = dict(ontology_files())["Ridethrough supply model"]
    used = {t.value for q in ox.parse(path=path, format=ox.RdfFormat.TURTLE) for t in q.triple if isinstance(t, ox.NamedNode)}

    assert [t for t in sorted(used) if t.startswith((BRICK, DCX, REC, S223)) and not VOCABULARY.term(t).is_known] == []


@pytest.mark.parametrize(
    ("cls", "hands_on", "takes_in"),
    [
        ("brick:Chiller", "LiquidCooling", "LiquidCooling Power"),
        ("brick:Water_Cooled_Chiller", "LiquidCooling", "LiquidCooling Power"),
        ("brick:Chilled_Water_Pump", "LiquidCooling", "LiquidCooling Power"),
        ("brick:Chilled_Water_Loop", "LiquidCooling", "LiquidCooling"),
        ("brick:AHU", "AirCooling", "AirCooling LiquidCooling Power"),
        ("brick:Air_Handling_Unit", "AirCooling", "AirCooling LiquidCooling Power"),
        ("brick:VAV", "AirCooling", "AirCooling LiquidCooling Power"),
        ("rec:HVACZone", "AirCooling", "AirCooling"),
        ("brick:HVAC_Zone", "AirCooling", "AirCooling"),
        ("brick:Supply_Fan", "AirCooling", "AirCooling Power"),
        ("brick:Chilled_Water_Valve", "LiquidCooling", "LiquidCooling"),
        ("brick:Chilled_Water_Coil", "AirCooling LiquidCooling", "AirCooling LiquidCooling"),
        ("brick:CRAH", "AirCooling", "LiquidCooling Power"),
        ("brick:Computer_Room_Air_Handler", "AirCooling", "LiquidCooling Power"),
        ("dcx:CDU", "LiquidCooling", "LiquidCooling Power"),
        ("brick:Breaker_Panel", "Power", "Power"),
        ("dcx:UPS", "Power", "Power"),
        ("brick:Luminaire", "", "Power"),
        ("brick:Elevator", "", "Power"),
        ("brick:Ethernet_Switch", "Network", "AirCooling LiquidCooling Network Power"),
        ("dcx:GPU_Server", "Compute", "AirCooling LiquidCooling Network Power"),
        ("dcx:Service", "Compute", "Compute"),
        ("s223:Pipe", "LiquidCooling", "LiquidCooling"),
        ("s223:DualDuctTerminal", "AirCooling", "AirCooling LiquidCooling Power"),
        ("s223:ElectricityBreaker", "Power", "Power"),
        ("dcx:Redundancy_Group", "", ""),
        ("brick:Temperature_Sensor", "", ""),
    ],
)
def test_media_of_a_class(cls: str, hands_on: str, takes_in: str) -> None:
    """What it hands on and takes in, by what a person of the trade would say."""
    assert (names(SUPPLY.hands_on(expand(cls))), names(SUPPLY.takes_in(expand(cls)))) == (hands_on, takes_in)


def test_sources_storage_switches_conduits() -> None:
    """What begins a chain, what only bridges time, what can open, and what passes one medium whatever becomes of another."""

    def those(question: Callable[[str], bool], classes: str) -> list[str]:
        return [c for c in classes.split() if question(expand(c))]

    assert those(lambda c: DCX + "Power" in SUPPLY.source_of(c), "dcx:Utility_Feed dcx:Generator dcx:UPS brick:PV_Panel") == [
        "dcx:Utility_Feed",
        "dcx:Generator",
        "brick:PV_Panel",
    ]
    assert those(SUPPLY.is_storage, "dcx:Battery_String brick:Battery dcx:Flywheel dcx:Fuel_Tank dcx:UPS brick:Tank") == [
        "dcx:Battery_String",
        "brick:Battery",
        "dcx:Flywheel",
        "dcx:Fuel_Tank",
    ]
    assert those(
        SUPPLY.is_switch, "brick:Main_Circuit_Breaker dcx:Tie_Breaker brick:Isolation_Switch brick:Switchgear brick:Static_Transfer_Switch"
    ) == [
        "brick:Main_Circuit_Breaker",
        "dcx:Tie_Breaker",
        "brick:Isolation_Switch",
    ]
    assert those(SUPPLY.is_conduit, "brick:ICT_Rack dcx:Cold_Aisle brick:Chilled_Water_Loop dcx:Outlet s223:Pipe dcx:UPS brick:CRAH") == [
        "brick:ICT_Rack",
        "dcx:Cold_Aisle",
        "brick:Chilled_Water_Loop",
        "dcx:Outlet",
        "s223:Pipe",
    ]
    assert those(SUPPLY.supplies_parts, "brick:Breaker_Panel brick:Switchgear brick:Circuit_Breaker dcx:Rack_PDU dcx:UPS") == [
        "brick:Breaker_Panel",
        "brick:Switchgear",
        "dcx:Rack_PDU",
    ]


def test_equipment_and_paths_count_as_one_failure_but_outlets_points_and_rooms_do_not() -> None:
    """What may fail by itself in a question about any single further failure."""
    units = "dcx:UPS brick:Chiller dcx:Rack_PDU brick:Server brick:Chilled_Water_Loop dcx:Feed_Path brick:Circuit_Breaker"
    not_units = (
        "dcx:Outlet dcx:Power_Connection dcx:Power_Port brick:Sensor dcx:Data_Hall rec:Room dcx:Service dcx:Tenant dcx:Redundancy_Group"
    )

    assert [c for c in units.split() if not SUPPLY.is_failure_unit(expand(c))] == []
    assert [c for c in not_units.split() if SUPPLY.is_failure_unit(expand(c))] == []


def test_a_crah_needs_water_for_its_coil_and_power_for_its_fan() -> None:
    """And a server one cord, a transfer switch one input."""
    power, liquid = RequirementDefault(DCX + "Power", 1, False), RequirementDefault(DCX + "LiquidCooling", 1, False)

    assert SUPPLY.default_requirements(expand("brick:CRAH")) == (liquid, power)
    assert SUPPLY.default_requirements(expand("dcx:GPU_Server")) == (power,)
    assert SUPPLY.default_requirements(expand("brick:Automatic_Transfer_Switch")) == (power,)
    assert SUPPLY.default_requirements(expand("brick:VAV")) == ()


def test_a_users_class_inherits_and_overrides(tmp_path: Path) -> None:
    """A fuel cell is electrical equipment that is a source; of the rest it says nothing and inherits."""
    extra = tmp_path / "plant.ttl"
    extra.write_text(
        f"<urn:p:Fuel_Cell> <{RDFS}subClassOf> <{BRICK}Electrical_Equipment> ; <{DCX}sourceOf> <{DCX}Power> ; <{DCX}isFailureUnit> false ."
    )

    supply = load_vocabulary([extra]).supply

    assert names(supply.hands_on("urn:p:Fuel_Cell")) == "Power"
    assert names(supply.source_of("urn:p:Fuel_Cell")) == "Power"
    assert not supply.is_failure_unit("urn:p:Fuel_Cell")
    assert supply.is_failure_unit(BRICK + "Electrical_Equipment")


@pytest.mark.parametrize(
    ("cls", "of", "medium", "expected"),
    [
        ("brick:Server", "dcx:ridethroughSeconds", "dcx:Power", (0.01, 0.02, "")),
        ("brick:Server", "dcx:ridethroughSeconds", "dcx:Network", None),
        ("dcx:Battery_String", "dcx:peukertExponent", "", (1.25, 1.35, "")),
        ("brick:Water_Cooled_Chiller", "dcx:startTimeSeconds", "", (120.0, 180.0, "")),
        ("brick:ICT_Rack", "dcx:inletTemperature", "", (18.0, 27.0, UNIT + "DEG_C")),
        ("dcx:ASHRAE_A4", "dcx:inletTemperatureMax", "", (45.0, 45.0, UNIT + "DEG_C")),
        ("dcx:PDU", "dcx:startTimeSeconds", "", None),
    ],
)
def test_what_is_taken_for_a_property_comes_from_the_nearest_class(
    cls: str, of: str, medium: str, expected: tuple[float, float, str] | None
) -> None:
    """A range of a property, in one medium where it differs by medium; none where no class says anything."""
    found = SUPPLY.value(expand(cls), expand(of), expand(medium) if medium else "")

    assert (None if found is None else (found.low, found.high, found.unit)) == expected


def test_a_default_value_without_a_property_or_a_number_says_nothing(tmp_path: Path) -> None:
    """What cannot be read is left out; the rest of the class counts."""
    own = tmp_path / "own.ttl"
    own.write_text(
        f"@prefix dcx: <{DCX}> . @prefix p: <urn:p:> . p:Cell a <http://www.w3.org/2002/07/owl#Class> ; dcx:defaultValue "
        "[ dcx:ofProperty dcx:startTimeSeconds ; dcx:low 'soon' ], [ dcx:low 3 ], [ dcx:ofProperty dcx:transferTimeMs ; dcx:high 4 ] ."
    )

    said = load_vocabulary(extra=[own]).supply.said["urn:p:Cell"].values

    assert [(value.property, value.low, value.high) for value in said] == [(DCX + "transferTimeMs", 4.0, 4.0)]
