"""Unit conversions against sums made by hand and factors of NIST SP 811."""

import pytest

from adapters.mqtt.units import unit_named
from ontology.errors import UnitError
from ontology.units import conversion


@pytest.mark.parametrize(
    ("value", "from_", "to", "expected"),
    [
        (1500, "unit:W", "unit:KiloW", 1.5),
        (2.5, "unit:MegaW", "unit:KiloW", 2500),
        (400, "unit:KiloV-A", "unit:V-A", 400_000),
        (20, "unit:DEG_C", "unit:K", 293.15),
        (68, "unit:DEG_F", "unit:DEG_C", 20),  # (68 - 32) * 5 / 9
        (-40, "unit:DEG_C", "unit:DEG_F", -40),
        (45, "unit:PERCENT", "unit:UNITLESS", 0.45),
        (3.6, "unit:MegaJ", "unit:KiloW-HR", 1),
        (1, "unit:PSI", "unit:KiloPA", 6.894757293168361),
        (60, "unit:L-PER-MIN", "unit:L-PER-SEC", 1),
        (3600, "unit:M3-PER-HR", "unit:M3-PER-SEC", 1),
        (1000, "unit:FT3-PER-MIN", "unit:M3-PER-SEC", 0.4719474432),  # 1000 * 0.3048^3 / 60
        (1500, "unit:REV-PER-MIN", "unit:REV-PER-SEC", 25),
        (2, "unit:HR", "unit:MIN", 120),
        (1, "unit:GAL_US", "unit:L", 3.785411784),
        (1, "unit:TON_FG", "unit:W", 3516.8528420667),
        (12000, "unit:BTU_IT-PER-HR", "unit:TON_FG", 1.0),
        (1, "unit:GigaW", "unit:MegaW", 1000),
        (1, "unit:TON_FG-HR", "unit:KiloW-HR", 3.5168528420667),
        (1, "unit:IN_HG", "unit:HectoPA", 33.86389),
    ],
)
def test_a_value_in_another_unit(value: float, from_: str, to: str, expected: float) -> None:
    """The value, converted, and back again."""
    (scale, offset), (back, shift) = conversion(from_, to), conversion(to, from_)

    assert value * scale + offset == pytest.approx(expected, rel=1e-9)
    assert expected * back + shift == pytest.approx(value, rel=1e-9)


def test_a_unit_to_itself_changes_nothing() -> None:
    """Not even by rounding."""
    assert conversion("unit:DEG_F", "http://qudt.org/vocab/unit/DEG_F") == (1.0, 0.0)


def test_units_of_different_kinds_do_not_convert() -> None:
    """Apparent power is not active power: the power factor between them is not a unit's business."""
    with pytest.raises(UnitError, match=r"unit:W measures power, unit:V-A apparent power.*give one of unit:V-A,") as told:
        conversion("unit:W", "unit:V-A")

    assert "KiloW," not in str(told.value)  # what is offered is of the kind that is wanted


@pytest.mark.parametrize(("wrong", "meant"), [("unit:kW", "unit:KiloW"), ("unit:KILOW", "unit:KiloW"), ("unit:VA", "unit:V-A")])
def test_an_unknown_unit_is_refused_with_what_may_be_meant(wrong: str, meant: str) -> None:
    """By its symbol, or by another spelling."""
    with pytest.raises(UnitError, match=f"did you mean {meant}"):
        conversion(wrong, "unit:W")


@pytest.mark.parametrize(
    ("value", "from_", "to", "expected"),
    [
        (68, "degF", "C", 20),  # (68 - 32) * 5 / 9
        (100, "gpm", "LPM", 378.5411784),  # 231 cubic inches a gallon
        (14.5037737730, "psi", "kPa", 100),
        (12.5, "kPa", "Pa", 12_500),
        (0.75, "MVA", "kVA", 750),
        (42, "%", "1", 0.42),
        (2.5, "inWC", "Pa", 622.722275),  # NIST SP 811: 249.088 91 Pa, the conventional inch of water
        (1_000, "CFM", "m3/h", 1_699.0107955),  # 0.3048 ** 3 * 60
    ],
)
def test_what_a_building_writes_is_converted_once_and_right(value: float, from_: str, to: str, expected: float) -> None:
    """Units as the DSX Exchange bus and building automation write them, by the names of QUDT that they stand for."""
    names = [unit_named(said) for said in (from_, to)]

    scale, offset = conversion(*(f"unit:{name}" for name in names))

    assert value * scale + offset == pytest.approx(expected, rel=1e-9)
