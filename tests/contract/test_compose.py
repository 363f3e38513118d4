"""The production set-up: linted by `docker compose config` where the client has it, and checked for what must hold in any case."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML ships no types; it comes with amqtt

from twin.settings import PREFIX, Settings

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE = DOCKER / "compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of the compose file by name."""
    parsed = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert set(parsed) == {"name", "services", "volumes"}
    services: dict[str, dict[str, Any]] = parsed["services"]
    return services


def test_the_compose_file_passes_the_client_s_own_check() -> None:
    """`docker compose config` accepts it. Not every client has compose: then the other tests of this file are all there is."""
    if shutil.which("docker") is None or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("this docker client has no compose plugin; the file is checked as YAML only")
    passwords = {"NEO4J_PASSWORD": "a", "MQTT_PASSWORD": "b", "POSTGRES_PASSWORD": "c"}

    linted = subprocess.run(
        ["docker", "compose", "-f", str(COMPOSE), "--profile", "history", "config", "--quiet"],
        env={**os.environ, **passwords},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (linted.returncode, linted.stderr) == (0, "")


def test_nothing_is_published_beyond_the_loopback(services: dict[str, dict[str, Any]]) -> None:
    """Each published port names 127.0.0.1."""
    ports = [port for service in services.values() for port in service["ports"]]

    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_service_serves_named_hosts_only(services: dict[str, dict[str, Any]]) -> None:
    """It listens on every address, and an empty list of host names would then let every name in."""
    assert services["ridethrough"]["environment"]["RIDETHROUGH_ALLOWED_HOSTS"] == "${ALLOWED_HOSTS:-localhost}"


def test_every_password_comes_from_outside_and_must_be_set(services: dict[str, dict[str, Any]]) -> None:
    """`${NAME:?…}` in the file; the example names the same ones, without values."""
    text = COMPOSE.read_text(encoding="utf-8")
    secrets = [
        value for service in services.values() for name, value in service["environment"].items() if re.search("PASSWORD|AUTH|URL", name)
    ]
    example = (DOCKER / "example.env").read_text(encoding="utf-8")

    assert len(secrets) == 5
    assert all(re.search(r"\$\{\w+:\?", value) for value in secrets)
    assert set(re.findall(r"\$\{(\w+_PASSWORD):\?", text)) == set(re.findall(r"^(\w+)=$", example, re.M))


def test_every_service_is_watched_restarted_and_keeps_its_data(services: dict[str, dict[str, Any]]) -> None:
    """A health check (the service's own is in its image), a restart rule, a named volume."""
    volumes = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]

    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert any(volume.split(":")[0] in volumes for volume in service["volumes"]), name
        assert "healthcheck" in service or "HEALTHCHECK" in (DOCKER / "Dockerfile").read_text(encoding="utf-8"), name
    assert all(need["condition"] == "service_healthy" for need in services["ridethrough"]["depends_on"].values())


def test_the_service_is_set_by_settings_that_exist(services: dict[str, dict[str, Any]]) -> None:
    """In the compose file and in the image; the store is Neo4j, of the release that the tests run on."""
    image = re.findall(r"\b(RIDETHROUGH_\w+)=", (DOCKER / "Dockerfile").read_text(encoding="utf-8"))
    release = re.findall(r"<neo4j.version>(\d+\.\d+)", (DOCKER / "neo4j-local" / "pom.xml").read_text(encoding="utf-8"))
    given = services["ridethrough"]["environment"]

    assert {name.removeprefix(PREFIX).lower() for name in [*given, *image]} <= set(Settings.model_fields)
    assert given["RIDETHROUGH_STORE"] == "bolt://neo4j:7687"
    assert services["neo4j"]["image"] == f"neo4j:{release[0]}-community"
