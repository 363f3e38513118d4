"""MQTT over TLS: the broker is who it says, so are we, and anything else stays outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from tests.support.authority import Authority, Certificate
from tests.support.mosquitto import Mosquitto
from tests.support.wired import Taken, snapshot_of, wait_until, wall_clock

SITE = 'demo:E brick:hasPoint demo:P . demo:P ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/p" ] .'
P = "urn:ridethrough:demo:P"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The site's authority."""
    return Authority(tmp_path_factory.mktemp("ours"), "site")


@pytest.fixture(scope="module")
def twin(ours: Authority) -> Certificate:
    """The twin's certificate."""
    return ours.issue("twin")


def served(folder: Path, certificate: Certificate, authority: Authority) -> Mosquitto:
    """A mosquitto that shows a certificate and asks for one of the authority."""
    files = f"certfile {certificate.file}\nkeyfile {certificate.key}\ncafile {authority.file}\nrequire_certificate true\n"
    return Mosquitto(folder, files).start()


@pytest.fixture
def broker(tmp_path: Path, ours: Authority) -> Iterator[Mosquitto]:
    """One that all is well with."""
    broker = served(tmp_path, ours.issue("broker"), ours)
    yield broker
    broker.stop()


def config_of(broker: Mosquitto, authority: Authority | None, certificate: Certificate | None) -> MqttConfig:
    config = MqttConfig("127.0.0.1", broker.port, tls=True, client_id="twin", reconnect_s_min=0.1, reconnect_s_max=0.2)
    config = replace(config, ca_file=authority.file if authority else "")
    return replace(config, cert_file=certificate.file, key_file=certificate.key) if certificate else config


@pytest.mark.quality("mqtt", "encrypted-and-authenticated")
def test_values_come_over_tls_from_a_broker_that_both_sides_know(broker: Mosquitto, ours: Authority, twin: Certificate) -> None:
    """Each shows a certificate of the site's authority."""
    sink = Taken()
    client = MqttClient(config_of(broker, ours, twin), snapshot_of(SITE), sink, wall_clock)
    client.start()
    assert client.wait_connected(5)
    plant = paho.Client(CallbackAPIVersion.VERSION2, "plant")
    plant.tls_set(ours.file, twin.file, twin.key)
    plant.connect("127.0.0.1", broker.port)
    plant.loop_start()

    for value in range(500):
        plant.publish("dc/p", b"%d" % value, qos=1)

    assert wait_until(lambda: sink.values(P) == [float(value) for value in range(500)])
    plant.disconnect()
    plant.loop_stop()
    client.close()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("expired", "certificate has expired"),
        ("wrong host", "IP address mismatch"),
        ("other authority", "unable to get local issuer certificate"),
    ],
)
def test_a_broker_that_is_not_who_it_says_gets_nothing(
    tmp_path: Path, ours: Authority, twin: Certificate, wrong: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Expired, of another host, of an authority that we do not know: no connection, and the log says why and what to do."""
    (tmp_path / "theirs").mkdir()
    theirs = Authority(tmp_path / "theirs", "theirs") if wrong == "other authority" else ours
    certificate = {"expired": lambda: ours.issue("old", days=-1), "wrong host": lambda: ours.issue("else", "DNS:else.example")}
    broker = served(tmp_path, certificate.get(wrong, lambda: theirs.issue("broker"))(), ours)
    client = MqttClient(config_of(broker, ours, twin), snapshot_of(SITE), Taken(), wall_clock)

    client.start()

    assert wait_until(lambda: why in client.status().error)
    assert "name its authority in mqtt_ca_file" in client.status().error
    assert why in caplog.text
    assert client.status().connections == 0
    client.close()
    broker.stop()


def test_a_broker_that_asks_for_a_certificate_and_gets_none_stays_away(broker: Mosquitto, ours: Authority) -> None:
    """No values, and no end of trying; what is wrong is told."""
    client = MqttClient(config_of(broker, ours, None), snapshot_of(SITE), Taken(), wall_clock)

    client.start()

    assert wait_until(lambda: bool(client.status().error))
    assert not client.wait_connected(0.5)
    assert client.status().connections == 0
    client.close()


def test_an_authority_that_cannot_be_read_is_an_error_before_anything_is_connected(tmp_path: Path) -> None:
    """A file that is not there, and certificates without TLS."""
    with pytest.raises(OSError, match="No such file"):
        MqttClient(MqttConfig("127.0.0.1", tls=True, ca_file=str(tmp_path / "none.pem")), snapshot_of(SITE), Taken(), wall_clock)
    with pytest.raises(ValueError, match="mqtts://"):
        MqttConfig("127.0.0.1", ca_file="ca.pem")
    with pytest.raises(ValueError, match="without its certificate"):
        MqttConfig("127.0.0.1", tls=True, key_file="key.pem")
