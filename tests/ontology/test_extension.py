"""The data-center extension stands on Brick 1.5.0, and says of each term what it is and where it comes from."""

from ontology.namespaces import BRICK, DCX, REC, REF, S223, compact, expand
from ontology.vocabulary import ClassInfo, PropertyInfo, load_vocabulary

VOCABULARY = load_vocabulary()
OWN_CLASSES = [c for c in VOCABULARY.classes.values() if c.iri.startswith(DCX)]
OWN_PROPERTIES = [p for p in VOCABULARY.properties.values() if p.iri.startswith(DCX)]

# the table of what Brick 1.5 lacks: classes under equipment, storage, cooling, IT, places; points; redundancy; references
NEEDED = """
UPS UPS_Module Generator PDU Floor_PDU Remote_Power_Panel Rack_PDU Outlet Busway Busway_Tap_Off Switchboard Utility_Feed Maintenance_Bypass
Static_Bypass Power_Supply_Unit Power_Shelf Battery_String Battery_Cabinet Flywheel Fuel_Tank CDU Liquid_Manifold Cold_Plate
Rear_Door_Heat_Exchanger In_Row_Cooler Immersion_Tank Fan_Wall Technology_Cooling_Loop Storage_Array GPU_Server Blade_Chassis KVM
Patch_Panel
Data_Hall Rack_Row Hot_Aisle Cold_Aisle Containment_Zone Cage Breaker_Position_Status State_Of_Charge_Sensor Runtime_Remaining_Sensor
UPS_Load_Percent_Sensor On_Battery_Status On_Bypass_Status Source_Available_Status Fuel_Level_Sensor Rack_Inlet_Temperature_Sensor
Rack_Outlet_Temperature_Sensor Branch_Current_Sensor PUE_Sensor Redundancy_Group Feed_Path Power_Port Tie_Breaker Service Tenant
Modbus_Gateway ModbusReference MQTTReference
"""
NEEDED_PROPERTIES = """
feedsPower feedsLiquidCooling feedsAirCooling feedsNetwork feedsCompute feedsControl requires medium atLeast allOf atLeastCapacity among
hasMember requiredCount spareCount scheme isDistributed isCatcher ties normalPosition isSource feedSide role priority deratingFactor
breakerRating tripLimit rackUnits uPosition uFace mountedIn ridethroughSeconds transferTimeMs startTimeSeconds tierTarget hasTenant
allocatedPower topic commandTopic jsonPointer timePointer sourceUnit scale offset gateway unitId function address dataType wordOrder
host port samplePeriod hasFeedbackPoint
"""


def test_every_class_and_property_that_brick_lacks_is_there() -> None:
    """The list is the reference's table of gaps."""
    classes = {c.iri for c in OWN_CLASSES}
    properties = {p.iri for p in OWN_PROPERTIES}

    assert [n for n in NEEDED.split() if DCX + n not in classes] == []
    assert [n for n in NEEDED_PROPERTIES.split() if DCX + n not in properties] == []


def test_every_class_stands_under_a_current_class_of_brick_or_rec() -> None:
    """A plain Brick tool that knows nothing of ours still finds a UPS among the electrical equipment."""
    for info in OWN_CLASSES:
        direct = info.superclasses

        assert direct, info.iri
        assert [s for s in direct if not VOCABULARY.term(s).is_known] == [], info.iri
        assert [s for s in direct if VOCABULARY.term(s).deprecated] == [], info.iri
        above = VOCABULARY.superclasses(info.iri)
        assert any(a.startswith((BRICK, REC, REF)) for a in above), info.iri


def test_every_term_has_a_label_a_definition_and_a_source() -> None:
    """A term without them could not be understood, nor checked."""
    terms: list[ClassInfo | PropertyInfo] = [*OWN_CLASSES, *OWN_PROPERTIES]

    for term in terms:
        assert term.label, term.iri
        assert term.definition.endswith("."), term.iri
        assert term.sources, term.iri


def test_domains_ranges_and_superproperties_are_known_terms() -> None:
    """A range that is misspelled would be followed by nobody."""
    for info in OWN_PROPERTIES:
        named = [*info.domains, *info.ranges, *info.superproperties]

        assert [t for t in named if t.startswith((BRICK, REC, REF, S223, DCX)) and not VOCABULARY.term(t).is_known] == [], info.iri


def test_no_name_of_ours_hides_one_of_bricks() -> None:
    """Where Brick has the class, Brick's is used."""
    taken = [c.iri for c in OWN_CLASSES if VOCABULARY.term(c.iri.replace(DCX, BRICK)).is_known]

    assert taken == []


def test_media_feeds_are_feeds() -> None:
    """Who asks for `brick:feeds` and what is below it gets the feeds of every medium, and REC's."""
    below = {compact(p) for p in VOCABULARY.subproperties(expand("brick:feeds"))}

    assert below == {
        "brick:feeds",
        "rec:feeds",
        "dcx:feedsPower",
        "dcx:feedsLiquidCooling",
        "dcx:feedsAirCooling",
        "dcx:feedsNetwork",
        "dcx:feedsCompute",
        "dcx:feedsControl",
    }
