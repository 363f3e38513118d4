"""Settings: what comes before what, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.main import hosts_of
from twin.settings import PREFIX, Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and an empty environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_flags_come_before_the_environment_before_the_file_before_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four settings, each said by one source more than the one before it."""
    Path("ridethrough.toml").write_text('port = 1\nhost = "file"\nlog_level = "error"\n')
    monkeypatch.setenv("RIDETHROUGH_PORT", "2")
    monkeypatch.setenv("RIDETHROUGH_HOST", "environment")
    found = load_settings(port=3, host=None)

    assert (found.port, found.host, found.log_level, found.author) == (3, "environment", "error", "operator")


def test_the_service_is_read_only_loopback_and_offline_by_default() -> None:
    """No point can be written, nobody from outside can ask, nothing is reached."""
    found = load_settings()

    assert (found.control, found.control_points, found.host, found.mqtt_url, found.modbus) == (False, (), "127.0.0.1", "", False)


def test_lists_and_tables_are_written_with_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`a=b:1,c=d:2` is a table, `a,b` a list."""
    monkeypatch.setenv("RIDETHROUGH_MODBUS_ENDPOINTS", "demo:G1=10.0.0.1:502, demo:G2=10.0.0.2:502")
    monkeypatch.setenv("RIDETHROUGH_CONTROL_POINTS", "demo:A,demo:B")
    found = load_settings()

    assert found.modbus_endpoints == {"demo:G1": "10.0.0.1:502", "demo:G2": "10.0.0.2:502"}
    assert found.control_points == ("demo:A", "demo:B")


def test_an_unknown_key_of_the_file_names_the_nearest_known_one() -> None:
    """A slip of the pen must not be a setting that does nothing."""
    Path("ridethrough.toml").write_text("prot = 1\n")

    with pytest.raises(SettingsError, match=r"ridethrough.toml: there is no setting 'prot'; did you mean 'port'\?"):
        load_settings()


def test_an_unknown_name_of_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for the environment."""
    monkeypatch.setenv("RIDETHROUGH_STOR", "bolt://x")

    with pytest.raises(SettingsError, match="did you mean 'RIDETHROUGH_STORE'"):
        load_settings()


@pytest.mark.quality("http", "config-checked-before-connect")
def test_a_value_that_cannot_be_is_named_with_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting, the value and why."""
    monkeypatch.setenv("RIDETHROUGH_PORT", "70000")

    with pytest.raises(SettingsError, match=r"setting 'port' = '70000': .*less than or equal to 65535"):
        load_settings()


def test_a_password_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the settings nor by an error about them."""
    monkeypatch.setenv("RIDETHROUGH_STORE_PASSWORD", "secret")

    assert "secret" not in repr(load_settings())


def test_a_settings_file_that_is_named_must_be_there() -> None:
    """A file that nobody finds is not a file without settings."""
    with pytest.raises(SettingsError, match=r"nope.toml does not exist: correct --config"):
        load_settings(Path("nope.toml"))


def test_an_ipv6_host_is_let_in_as_requests_name_it() -> None:
    """RFC 3986, 3.2.2: in brackets; names in lower case; loopback always."""
    settings = Settings.model_validate({"host": "FD00::5", "allowed_hosts": ["Noc.Example", "fd00::6", "[fd00::7]"]})

    assert hosts_of(settings) == {"127.0.0.1", "localhost", "[::1]", "[fd00::5]", "noc.example", "[fd00::6]", "[fd00::7]"}
