"""Register maps as data: what a file may say, which points it finds, and what of it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.modbus.bindings import bind
from adapters.modbus.config import Endpoint, Limits
from adapters.modbus.maps import Maps, read, read_folder
from adapters.modbus.registers import place_of, shown
from tests.support.wired import snapshot_of

D = "urn:ridethrough:demo:"
UPS = """
title = "A UPS"
source = "its manual, page 12"

[limits]
gap_ms = 20
registers_max = 60

[defaults]
function = "input"
group = "fast"

[groups.fast]
period_s = 2

[groups.slow]
period_s = 300

[[register]]
point = "Output-Power"
address = 10
type = "int32"
order = "CDAB"
unit = "W"
words = 2

[[register]]
class = "brick:Frequency_Sensor"
register = 40021
type = "uint16"
scale = 0.01
unit = "HZ"
sentinel = 0x8000

[[register]]
point = "On-Battery"
address = 30
bit = 4

[[register]]
point = "State"
address = 31
enum = { 1 = "normal", 2 = "bypass", 9 = 0 }

[[register]]
point = "Charge"
address = 32
scale_factor = 33
group = "slow"
"""
SITE = """
demo:GW a dcx:Modbus_Gateway ; dcx:host "10.0.0.9" ; dcx:port 502 .
demo:UPS-1 a dcx:UPS ; dcx:registerMap "acme" ; dcx:gateway demo:GW ; dcx:unitId 7 ; dcx:addressOffset 100 ;
  brick:hasPoint demo:UPS-1-Output-Power , demo:x1 , demo:x2 , demo:UPS-1.State , demo:UPS-1-Charge .
demo:UPS-1-Output-Power brick:hasUnit unit:KiloW .
demo:x1 a brick:Frequency_Sensor ; brick:hasUnit unit:HZ ; dcx:samplePeriod 5 .
demo:x2 rdfs:label "UPS-1 On-Battery" .
"""


def maps(text: str = UPS) -> Maps:
    found, refused = read(text, "acme")
    assert refused == []
    return Maps({"acme": found})


def test_a_map_finds_the_points_of_a_device_by_name_label_and_class() -> None:
    """Five points without a reference: power by the end of its IRI, frequency by class, on-battery by label. Addresses move by 100."""
    bindings = bind(snapshot_of(SITE), maps=maps())

    found = {point.removeprefix(D): register for point, register in bindings.registers.items()}
    assert bindings.unbound == ()
    assert {point: (r.table, r.address, r.kind, r.order) for point, r in found.items()} == {
        "UPS-1-Output-Power": ("input", 110, "int32", "CDAB"),
        "x1": ("holding", 120, "uint16", "ABCD"),
        "x2": ("input", 130, "uint16", "ABCD"),
        "UPS-1.State": ("input", 131, "uint16", "ABCD"),
        "UPS-1-Charge": ("input", 132, "uint16", "ABCD"),
    }
    assert {r.unit for r in found.values()} == {7}
    assert found["UPS-1-Output-Power"].scale == pytest.approx(0.001)  # W to kW
    assert found["x1"].sentinels == (0x8000,)
    assert found["x2"].bit == 4
    assert found["UPS-1.State"].codes == ((1, 1.0), (2, 2.0), (9, 0.0))
    assert found["UPS-1-Charge"].factor == 133


def test_the_graphs_period_comes_before_the_groups() -> None:
    """2 s as the group says, 5 s as the point says, 300 s in the slow group."""
    found = bind(snapshot_of(SITE), maps=maps()).registers

    assert [found[D + name].period_s for name in ("UPS-1-Output-Power", "x1", "UPS-1-Charge")] == [2.0, 5.0, 300.0]


def test_what_a_gateway_stands_comes_before_what_the_map_says() -> None:
    """20 ms between requests by the map; half a second, two in flight and 4 s for an answer by the gateway."""
    site = SITE + "demo:GW dcx:requestGap 0.5 ; dcx:requestsInFlight 2 ; dcx:answerTimeout 4 ."

    assert {r.limits for r in bind(snapshot_of(SITE), maps=maps()).registers.values()} == {Limits(0.02, registers_max=60)}
    assert {r.limits for r in bind(snapshot_of(site), maps=maps()).registers.values()} == {Limits(0.5, 2, 4.0)}


@pytest.mark.quality("modbus", "register-maps-are-data")
def test_ten_thousand_points_need_no_reference_each() -> None:
    """A hundred panels with a hundred points each, four lines of the graph a panel: 10,000 registers, none refused."""
    text = "\n".join(f'[[register]]\npoint = "C{n}"\naddress = {n}' for n in range(100))
    panels = "".join(
        f'demo:P{p} dcx:registerMap "acme" ; dcx:gateway demo:GW ; dcx:unitId {p + 1} ; brick:hasPoint '
        + " , ".join(f"demo:P{p}-C{n}" for n in range(100))
        + " .\n"
        for p in range(100)
    )
    gateway = 'demo:GW a dcx:Modbus_Gateway ; dcx:host "10.0.0.9" .\n'

    bindings = bind(snapshot_of(gateway + panels), maps=maps(text))

    assert (len(bindings.registers), bindings.unbound) == (10_000, ())
    assert [len(groups) for groups in bindings.groups.values()] == [100]


def test_a_reference_of_its_own_comes_before_the_map() -> None:
    """The power stands elsewhere, as the point itself says."""
    own = (
        "demo:UPS-1-Output-Power ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId 1 ; dcx:address 3 ] ."
    )

    found = bind(snapshot_of(SITE + own), maps=maps()).registers[D + "UPS-1-Output-Power"]

    assert (found.unit, found.address) == (1, 3)


@pytest.mark.parametrize(
    ("said", "instead", "reason"),
    [
        ("address = 10\n", "", "an address (counted from 0) or a register"),
        ("address = 10\n", "address = 10\nregister = 40011\n", "one of the two"),
        ('type = "int32"', 'type = "int24"', "dcx:dataType must be one of"),
        ("register = 40021", 'register = 40021\nfunction = "input"', "one of the table holding, not input"),
        ('type = "int32"', 'type = "string"', "texts have no place in a table of numbers"),
        ('order = "CDAB"', 'order = "ABDC"', "ABCD CDAB BADC DCBA"),
        ("words = 2", "words = 3", "a int32 takes 2 words, not 3"),
        ('unit = "W"', 'unit = "watts"', "no unit that is known here"),
        ('unit = "W"', 'unit = "W"\nscale = 0', "makes every value the same"),
        ('unit = "W"', 'unit = "W"\ncolour = 1', "a register has no 'colour'"),
        ('unit = "W"', 'unit = "W"\ngroup = "never"', "group 'never' is not described"),
        ('point = "Output-Power"\n', "", "neither point nor class"),
        ("bit = 4", "bit = 16", "bits 0 to 15, not 16"),
        ("sentinel = 0x8000", 'sentinel = "none"', "a sentinel is a whole number"),
        ("register = 40021", "register = 70021", "0xxxx, 1xxxx, 3xxxx or 4xxxx"),
    ],
)
def test_an_entry_that_cannot_be_used_says_why_and_harms_no_other(said: str, instead: str, reason: str) -> None:
    """The other four are read."""
    assert said in UPS

    found, refused = read(UPS.replace(said, instead), "acme")

    assert len(found.entries) == 4
    assert len(refused) == 1
    assert reason in refused[0]


@pytest.mark.quality("modbus", "unbound-is-listed")
def test_a_device_that_cannot_be_read_says_why() -> None:
    """A map that there is not, no gateway, units that do not convert, two entries for one point."""
    twice = UPS + '[[register]]\nclass = "brick:Frequency_Sensor"\naddress = 60\n'
    site = SITE.replace("unit:HZ", "unit:DEG_C") + 'demo:A dcx:registerMap "other" . demo:B dcx:registerMap "acme" .'

    reasons = [one.reason for one in bind(snapshot_of(site), maps=maps(twice)).unbound]

    assert [reason.partition(": ")[0] for reason in reasons] == ["demo:A", "demo:B", "demo:x1", "demo:x1"]
    assert "there is no register map 'other'; there are: acme, sunspec" in reasons[0]
    assert "no dcx:gateway" in reasons[1]
    assert "do not convert" in reasons[2]
    assert "another entry of the map means this point" in reasons[3]


def test_a_folder_of_maps_is_read_and_its_mistakes_are_told(tmp_path: Path) -> None:
    """Two files of one name, one that is no TOML, one with a bad entry."""
    (tmp_path / "a.toml").write_text('name = "x"\n[[register]]\npoint = "P"\naddress = 1\n[[register]]\npoint = "Q"\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text('name = "x"\n[[register]]\npoint = "P"\naddress = 2\n', encoding="utf-8")
    (tmp_path / "c.toml").write_text("[[register", encoding="utf-8")

    found = read_folder(tmp_path)

    assert [entry.register.address for entry in found.by_name["x"].entries] == [1]
    assert [problem.target for problem in found.problems] == ["a.toml", "b.toml", "c.toml"]
    assert "register 2 (Q): it needs an address" in found.problems[0].reason


@pytest.mark.parametrize(
    ("number", "table", "address"),
    [("00001", "coil", 0), ("10006", "discrete", 5), ("30011", "input", 10), ("40001", "holding", 0), ("410001", "holding", 10_000)],
)
def test_a_register_is_shown_as_manuals_show_it(number: str, table: str, address: int) -> None:
    """One table, two ways: counted from zero on the wire, from one with the table's digit in print."""
    assert shown(table, address) == number
    assert place_of(number) == place_of(int(number)) == (table, address)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("rtu://10.0.0.9:4001", Endpoint("10.0.0.9", 4001, "rtu")),
        ("serial:/dev/ttyUSB0:9600", Endpoint("/dev/ttyUSB0", 9600, "serial", "8E1")),
        ("serial:/dev/ttyUSB0:19200:8N2", Endpoint("/dev/ttyUSB0", 19200, "serial", "8N2")),
    ],
)
def test_a_line_is_named_by_its_framing(text: str, endpoint: Endpoint) -> None:
    """RTU over TCP and serial lines; read back as they are told."""
    assert Endpoint.parse(text) == endpoint == Endpoint.parse(str(endpoint))


@pytest.mark.parametrize(
    "text", ["serial:/etc/passwd:9600", "serial:/dev/../etc/x:9600", "serial:socket://h:1", "serial:/dev/ttyS0", "rtu://:1"]
)
def test_what_is_no_line_is_refused(text: str) -> None:
    """Only device files, without a way out of their folder."""
    with pytest.raises(ValueError, match=r"serial line is|an endpoint is"):
        Endpoint.parse(text)


def test_a_graph_names_no_serial_line() -> None:
    """A gateway of framing `serial` needs the setting; with it, it is where the setting says."""
    site = SITE.replace('dcx:host "10.0.0.9" ; dcx:port 502', 'dcx:framing "serial" ; dcx:host "/dev/ttyS0"')
    line = Endpoint.parse("serial:/dev/ttyS0:9600")

    (refused,) = bind(snapshot_of(site), maps=maps()).unbound

    assert "a serial line is named by setting modbus_endpoints" in refused.reason
    assert list(bind(snapshot_of(site), {D + "GW": line}, maps()).groups) == [line]
