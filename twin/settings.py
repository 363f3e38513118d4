"""Every setting of the service, in one place.

Rules of this file:

1. Flags come before the environment (`RIDETHROUGH_*`), the environment before the TOML file, the file before the defaults.
2. An unknown key, in the file or in the environment, is an error that names the nearest known one.
3. Nothing else in the house reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

PREFIX = "RIDETHROUGH_"
CONFIG = "RIDETHROUGH_CONFIG"
CONFIG_FILE = Path("ridethrough.toml")
NOT_OURS = {CONFIG, "RIDETHROUGH_VENV", "RIDETHROUGH_PICTURE"}
"""Names under the prefix that are no settings: where the file is, and what `./dev` and the browser tests take."""


class SettingsError(Exception):
    """A setting that is unknown or that cannot be what it says; the text names it and the next step."""


def _listed(value: object) -> object:
    """Text from the environment or a flag as a list: items between commas."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _mapped(value: object) -> object:
    """Text from the environment or a flag as a table: `name=value` between commas."""
    if not isinstance(value, str):
        return value
    pairs = [item.partition("=") for item in value.split(",") if item.strip()]
    broken = next((name for name, equals, _ in pairs if not equals), None)
    if broken is not None:
        raise ValueError(f"{broken!r} is not of the form name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


Paths = Annotated[tuple[Path, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Texts = Annotated[dict[str, str], BeforeValidator(_mapped)]
Endpoints = Annotated[dict[str, str], BeforeValidator(_mapped)]
PolicyTable = Annotated[dict[str, Literal["refuse", "accept", "quarantine"]], BeforeValidator(_mapped)]


class Settings(BaseModel):
    """The settings; each is documented in docs/reference/settings.md under the same name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="Folder of everything that the service keeps.")
    store: str = Field("", description="Where the graph is kept: empty for SQLite in the data folder, or bolt://host:port of a Neo4j.")
    store_user: str = Field("neo4j", description="User of the Neo4j store.")
    store_password: SecretStr = Field(SecretStr(""), description="Password of the Neo4j store; empty means no authentication.")
    role: Literal["all", "ingest", "api"] = Field(
        "all",
        description="What this process does: all, only take the messages in (several share them; `mqtt_share` names the group), or only "
        "answer, from what the others pass on over the broker.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on. Anything but loopback makes the service reachable from outside.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    allowed_hosts: Names = Field(
        (), description="Host names that requests may name beside loopback and `host`; needed behind a proxy under another name."
    )
    allowed_origins: Names = Field(
        (), description="Origins of other pages that may open a subscription socket, such as https://noc.example."
    )
    ontology: Paths = Field((), description="Your own ontology files, read beside Brick and the extension.")
    mqtt_url: str = Field("", description="Broker to read telemetry from, mqtt://[user:password@]host[:port]; empty reads none.")
    mqtt_topics: Names = Field(
        ("#",),
        description="Topics to listen to beside those of points, so that unbound ones are counted: narrow it on a broker with much else.",
    )
    mqtt_client_id: str = Field("", description="How the broker knows this twin; empty makes one of the host and the data folder.")
    mqtt_protocol: Literal["3.1.1", "5"] = Field("3.1.1", description="Version of MQTT that is spoken with the broker.")
    mqtt_share: str = Field(
        "", description="Group of processes that share the broker's messages, each going to one of them; empty: this one takes all."
    )
    mqtt_ca_file: str = Field(
        "", description="Authority (PEM) that an mqtts:// broker's certificate comes from; empty: those of the system."
    )
    mqtt_cert_file: str = Field("", description="Our own certificate (PEM) for a broker that asks for one.")
    mqtt_key_file: str = Field("", description="Key of `mqtt_cert_file` (PEM); empty where that file holds it.")
    mqtt_batch_mb: float = Field(
        4.0, gt=0, le=256, description="Megabytes that an MQTT payload of many readings may have; one reading: 64 KB."
    )
    mqtt_dsx_integration: str = Field(
        "",
        description="Our integration id on the DSX Exchange BMS bus: under it go our heartbeats and requests, where the BMS's metadata "
        "name it. Empty: we only listen.",
    )
    mqtt_mapping: str = Field(
        "", description="File (TOML) that maps topics of any other form to points, by patterns. Empty: there is none."
    )
    mqtt_homeassistant: str = Field(
        "homeassistant",
        description="Where devices announce themselves by Home Assistant discovery: the beginning of its topics. Empty: it is not read.",
    )
    mqtt_sparkplug_groups: Names = Field(("+",), description="Sparkplug groups to listen to; + for all of the broker's, empty for none.")
    mqtt_sparkplug_host: str = Field(
        "",
        description="Our host id for Sparkplug edge nodes that wait for their primary host: under it we say STATE, by will as well. "
        "Empty: we say none.",
    )
    modbus: bool = Field(False, description="Whether the Modbus gateways of the graph are polled.")
    modbus_endpoints: Endpoints = Field(
        default_factory=dict,
        description="Where a gateway really is, by its id, in place of what the graph says: host:port, rtu://host:port (RTU over TCP), or "
        "a serial line such as serial:/dev/ttyUSB0:19200:8E1, which is named here only.",
    )
    modbus_maps: str = Field(
        "", description="Folder of register maps (TOML), which devices name by dcx:registerMap; empty: there are none."
    )
    modbus_points: Names = Field(
        (),
        description="Devices, by id (`*`, `?`), for which what their register map or SunSpec describes and the graph has no point for "
        "becomes one, in the source `modbus`.",
    )
    history: str = Field(
        "",
        description="Where readings are kept: empty for files in the data folder, a path for files in another folder, "
        "postgresql://user@host/database, or off for nowhere.",
    )
    history_password: SecretStr = Field(SecretStr(""), description="Password of the PostgreSQL that keeps the history.")
    history_days: str = Field(
        "30/400/3660",
        description="Days that samples, their minutes and their hours are kept, for points that `history_keep` does not name.",
    )
    history_keep: Texts = Field(
        default_factory=dict,
        description="Days that samples, minutes and hours are kept, such as 90/400/3660, by pattern of point ids (`*`, `?`) or by class "
        "(brick:Temperature_Sensor). The first that fits counts.",
    )
    history_disk_gb: float = Field(
        50.0, ge=0, description="Gigabytes that the files of history may take; the oldest samples go first. 0 sets no bound."
    )
    record: str = Field(
        "", description="Folder in which what comes over the wires is recorded, a file for each start; empty records nothing."
    )
    record_mb: float = Field(1000.0, gt=0, description="Megabytes that one recording may take; then it ends.")
    control: bool = Field(False, description="Whether any point may be written at all.")
    control_points: Names = Field((), description="The points that may be written while `control` is on, by id.")
    control_timeout_s: float = Field(10.0, gt=0, le=3600, description="Seconds that a command may wait for the plant's own readback.")
    author: str = Field("operator", min_length=1, description="Who is named as the author of changes and commands that name nobody.")
    graphql_depth: int = Field(12, ge=1, le=100, description="Levels of selection that a GraphQL document may have.")
    graphql_aliases: int = Field(30, ge=0, le=1000, description="Aliases that a GraphQL document may have.")
    graphql_tokens: int = Field(2000, ge=10, le=100_000, description="Lexical tokens that a GraphQL document may have.")
    graphql_cost: int = Field(500_000, ge=100, description="Fields that a GraphQL answer may have at most, estimated before it is run.")
    body_kb: int = Field(256, ge=1, le=65536, description="Size of a request body, kilobytes.")
    policies: PolicyTable = Field(
        default_factory=dict,
        description="What becomes of a source's change whose findings are errors, by pattern of names: refuse, accept or quarantine. "
        "The first pattern that fits counts; accept where none does.",
    )
    deletions_max_percent: float | None = Field(
        None,
        ge=0,
        le=100,
        description="How much of what a source said before one sync may withdraw, percent, as said: 0 is nothing, 100 all. "
        "Where it is not given, 10 %, or ten facts as long as the source still says something.",
    )
    rdf_write: Literal["loopback", "on", "off"] = Field(
        "loopback", description="Who may write over HTTP (/rdf) and change history over GraphQL: this machine only, everybody, nobody."
    )
    readings_write: Literal["loopback", "on", "off"] = Field(
        "loopback", description="Who may send readings over HTTP (/api/v1/readings): this machine only, everybody, nobody."
    )
    readings_body_mb: int = Field(
        32, ge=1, le=1024, description="Size of a body of readings that is sent to /api/v1/readings, megabytes, as it stands when unpacked."
    )
    rdf_body_mb: int = Field(100, ge=1, le=10_000, description="Size of an RDF document that is sent to /rdf, megabytes.")
    rdf_require_match: bool = Field(False, description="Whether a write to /rdf must say by If-Match which state it was made against.")
    sparql: bool = Field(True, description="Whether /sparql answers queries.")
    sparql_seconds: float = Field(5.0, gt=0, le=3600, description="Seconds that a query of /sparql may take.")
    sparql_memory_mb: int = Field(512, ge=16, le=65536, description="Memory that a query of /sparql may take beside the data, megabytes.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="From which level on the log is written.")

    @property
    def deletions_max(self) -> float | None:
        """The share of what a source said before that one sync may withdraw; None is the rule of `twin.ledger.admission`."""
        return None if self.deletions_max_percent is None else self.deletions_max_percent / 100


def load_settings(config: Path | None = None, **flags: object) -> Settings:
    """The settings as flags, environment, file and defaults say. A flag that is None was not given. Raises `SettingsError`."""
    _refuse_unknown_environment(os.environ)
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings.model_validate({**_file(config), **_environment(), **given})
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def no_colour() -> bool:
    """Whether the person wants no colour, after no-color.org."""
    return bool(os.environ.get("NO_COLOR"))


def _environment() -> dict[str, str]:
    return {name[len(PREFIX) :].lower(): value for name, value in os.environ.items() if name.startswith(PREFIX) and name not in NOT_OURS}


def _file(config: Path | None) -> dict[str, object]:
    named = config or (Path(os.environ[CONFIG]) if os.environ.get(CONFIG) else None)
    path = named or CONFIG_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named is None:
            return {}
        raise SettingsError(f"settings file {path} does not exist: correct --config or {CONFIG}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings file {path} cannot be read: {error}") from None
    unknown = sorted(values.keys() - Settings.model_fields.keys())
    if unknown:
        raise SettingsError(f"settings file {path}: {_unknown(unknown[0], list(Settings.model_fields))}")
    return values


def _refuse_unknown_environment(environment: Mapping[str, str]) -> None:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in NOT_OURS.union(known))
    if unknown:
        raise SettingsError(f"environment: {_unknown(unknown[0], known)}")


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"there is no setting {name!r}; " + (f"did you mean {near[0]!r}?" if near else "docs/reference/settings.md lists all")


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    shown = "" if "password" in name else f" = {first.get('input')!r}"
    return f"setting {name!r}{shown}: {first['msg']}; docs/reference/settings.md says what it takes"
