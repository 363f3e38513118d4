"""The command line as somebody types it: real processes, exit codes, and errors that say the next step."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

RIDETHROUGH = str(Path(sys.executable).with_name("ridethrough"))
SMALL = "@prefix brick: <https://brickschema.org/schema/Brick#> .\n<urn:a> a brick:Chiller ; brick:feeds <urn:b> .\n<urn:b> a brick:AHU .\n"
OWN_MEDIUM = """@prefix dcx: <https://w3id.org/ridethrough/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<urn:x:Steam> a dcx:Medium .
<urn:x:Boiler> rdfs:subClassOf <https://brickschema.org/schema/Brick#Equipment> ; dcx:handsOn <urn:x:Steam> ; dcx:sourceOf <urn:x:Steam> .
<urn:x:Heater> rdfs:subClassOf <https://brickschema.org/schema/Brick#Equipment> ; dcx:takesIn <urn:x:Steam> .
"""


class Desk:
    """A folder in which commands are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def type(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_COLOR": "1", "RIDETHROUGH_DATA": str(self.folder / "data"), **environment}
        return subprocess.run([RIDETHROUGH, *words], cwd=self.folder, env=env, capture_output=True, text=True, timeout=120, check=False)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder with a generated site of 20 racks loaded."""
    one = Desk(tmp_path_factory.mktemp("loaded"))
    assert one.type("generate", "--racks", "20", "-o", "site.ttl").returncode == 0
    assert one.type("load", "site.ttl", "--source", "engineering").returncode == 0
    return one


def test_help_is_there_at_once(desk: Desk) -> None:
    """Under half a second on an idle machine; the bound leaves room for a busy one."""
    start = time.perf_counter()
    answer = desk.type("--help")

    assert answer.returncode == 0
    assert {"demo", "serve", "load", "export", "validate", "generate", "impact", "schema", "doctor"} <= set(answer.stdout.split())
    assert time.perf_counter() - start < 3


def test_a_wrong_word_is_wrong_usage(desk: Desk) -> None:
    """Exit code 2, and the way to help."""
    assert desk.type("lod").returncode == 2
    assert desk.type("load").returncode == 2


def test_a_file_is_loaded_once_and_a_second_time_changes_nothing(desk: Desk) -> None:
    """Three triples; the second load has nothing to do and makes no revision."""
    desk.write("a.ttl", SMALL)
    first = json.loads(desk.type("load", "a.ttl", "--json").stdout)
    second = json.loads(desk.type("load", "a.ttl", "--json").stdout)

    row = {"source": "a.ttl", "quads": 3, "added": 3, "removed": 0, "revision": 1, "quarantined": "", "refused": ""}
    row |= {"findings": [], "new_findings": [], "gone_findings": []}
    assert first["sources"] == [row]
    assert second == {"dry_run": False, "revision": 1, "sources": [{**row, "added": 0, "revision": None}]}


def test_a_dry_run_tells_and_changes_nothing(desk: Desk) -> None:
    """What it tells is what the load then does."""
    desk.write("a.ttl", SMALL)
    dry = json.loads(desk.type("load", "a.ttl", "--dry-run", "--json").stdout)
    wet = json.loads(desk.type("load", "a.ttl", "--json").stdout)

    assert dry["sources"][0] == {**wet["sources"][0], "revision": None}
    assert (dry["revision"], wet["revision"]) == (0, 1)


def test_a_source_that_says_less_takes_back_what_it_said_and_leaves_the_others(desk: Desk) -> None:
    """`a` and `b` both say that <urn:b> is an AHU; `b` withdraws it, `a` still says it."""
    desk.write("a.ttl", SMALL)
    desk.write("b.ttl", SMALL)
    desk.type("load", "a.ttl", "b.ttl")
    desk.write("b.ttl", "")
    answer = desk.type("load", "b.ttl", "--max-deletions", "100")
    left = desk.type("export", "--format", "ntriples").stdout.splitlines()

    assert answer.stdout == "b.ttl: 0 added, 3 removed, 0 in all; revision 3\n"
    assert len(left) == 3


def test_the_command_line_is_there_by_the_name_of_its_module(desk: Desk) -> None:
    """`python -m twin.cli.app` is `ridethrough`: the same version, not silence."""
    by_module = subprocess.run([sys.executable, "-m", "twin.cli.app", "--version"], capture_output=True, text=True, timeout=120, check=True)

    assert by_module.stdout == desk.type("--version").stdout != ""


def test_a_rate_beyond_reason_is_told_in_words_that_can_be_read(desk: Desk) -> None:
    """1e300 h of repair for a millionth of an hour up: as good as always down, no figure of 300 digits, and the thing is named."""
    prefixes = "@prefix brick: <https://brickschema.org/schema/Brick#> .\n@prefix dcx: <https://w3id.org/ridethrough/ontology#> .\n"
    rates = "<urn:u> a dcx:Utility_Feed ; dcx:mtbfHours 1e-6 ; dcx:mttrHours 1e300 ; dcx:feedsPower <urn:r> . <urn:r> a brick:ICT_Rack ."
    desk.type("load", desk.write("site.ttl", prefixes + rates))

    answer = desk.type("availability", "urn:r")

    assert answer.returncode == 0
    assert "as good as always down (exact, by a decision diagram)" in answer.stdout
    assert "urn:u: dcx:mttrHours of 1e+300 counts as 1e+12" in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) < 200


def test_a_broken_file_is_refused_with_its_line_and_changes_nothing(desk: Desk) -> None:
    """Nor are the files beside it loaded."""
    desk.write("good.ttl", SMALL)
    desk.write("broken.ttl", SMALL + "<urn:c> a brick:AHU\n<urn:d> a unknown:Thing .\n")
    answer = desk.type("load", "good.ttl", "broken.ttl")

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: broken.ttl:5:")
    assert "Traceback" not in answer.stderr
    assert not (desk.folder / "data" / "twin.sqlite").exists()


def test_export_gives_back_what_was_loaded(loaded: Desk) -> None:
    """Loaded again from an export, nothing changes."""
    assert loaded.type("export", "--format", "turtle", "-o", "again.ttl").returncode == 0
    before = set(loaded.type("export", "--format", "ntriples").stdout.splitlines())
    loaded.type("load", "again.ttl", "--source", "engineering", "--data", "other")
    after = set(loaded.type("export", "--format", "ntriples", "--data", "other").stdout.splitlines())

    named = {line for line in before if "_:" not in line}
    assert len(before) == len(after)
    assert named == {line for line in after if "_:" not in line}


def test_a_migration_that_cannot_be_written_leaves_nothing_behind(desk: Desk) -> None:
    """XML cannot hold such a character: the file that was there stays, and none is begun beside it."""
    old, target = desk.folder / "old.nt", desk.folder / "new.rdf"
    old.write_text('<urn:a> <urn:p> "\\u0001" .\n')
    target.write_text("what was there")

    ended = desk.type("migrate", str(old), "-o", str(target))

    assert ended.returncode != 0
    assert target.read_text() == "what was there"
    assert list(desk.folder.glob("*.part")) == []


def test_an_unknown_source_is_refused_with_those_that_there_are(loaded: Desk) -> None:
    """The answer is no empty file."""
    answer = loaded.type("export", "--source", "bms")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "error: no source 'bms' in revision 1; there are: engineering\n"


def test_validate_ends_with_3_where_there_are_findings(desk: Desk) -> None:
    """`brick:UPS` does not exist; the finding says which class does."""
    desk.write("bad.ttl", "@prefix brick: <https://brickschema.org/schema/Brick#> .\n<urn:u> a brick:UPS .\n")
    desk.write("broken.ttl", "<urn:a> <urn:b>\n")
    told = desk.type("validate", "bad.ttl", "broken.ttl", "--json")
    findings = json.loads(told.stdout)["findings"]

    assert told.returncode == 3
    assert {finding["file"] for finding in findings} == {"bad.ttl", "broken.ttl"}
    assert any("dcx:UPS" in finding["remedy"] for finding in findings)


def test_the_blast_radius_has_the_agreed_form(loaded: Desk) -> None:
    """The keys of the answer, and every dual-corded rack up without redundancy when one side's UPS is lost."""
    told = json.loads(loaded.type("impact", "demo:UPS-A", "--json").stdout)

    assert list(told)[:5] == ["revision", "at", "failed", "outcomes", "totals"]
    assert told["failed"] == ["urn:ridethrough:demo:UPS-A"]
    assert {"id", "class", "medium", "outcome", "evidence", "path"} <= set(told["outcomes"][0])
    assert set(told["totals"]) == {"racks", "services", "tenants", "it_load_kw"}
    assert sum(told["totals"]["racks"].values()) == 20
    assert {evidence for row in told["outcomes"] for evidence in row["evidence"]} == {"urn:ridethrough:demo:UPS-A"}


def test_a_person_gets_a_table(loaded: Desk) -> None:
    """Totals first, then who is hit and because of what."""
    told = loaded.type("impact", "demo:UPS-A", "--medium", "Power").stdout

    assert told.startswith("If demo:UPS-A fails (revision 1, ")
    assert "racks" in told
    assert "BECAUSE OF" in told


def test_what_a_person_asks_about_comes_first_and_what_is_alike_is_folded(loaded: Desk) -> None:
    """Racks, services and tenants of every outcome stand before outlets and breakers, of 20 rows; what was assumed of eight batteries is
    one line; of several things that are out it says "fail", of tenants that they lose something."""
    told = loaded.type("impact", "demo:UPS-A", "demo:UPS-B", "--medium", "Power").stdout
    rows = told.partition("BECAUSE OF\n")[2].splitlines()
    assumed = [line for line in told.splitlines() if line.startswith("assumed: demo:Battery")]

    assert told.startswith("If demo:UPS-A, demo:UPS-B fail (")
    assert "\ntenants with something " in told
    assert [line.split()[2] for line in rows[:20]] == ["ICT_Rack"] * 20
    assert rows[20].startswith("... and ")
    assert [line.rpartition(" ... ")[2] for line in assumed] == ["and 7 more like it: --json"]


def test_a_timeline_begins_with_the_sentence_of_the_report(loaded: Desk) -> None:
    """What goes dark and when, or what hangs by single things, before the table."""
    told = loaded.type("impact", "demo:UPS-A", "--timeline").stdout.splitlines()
    page = loaded.type("report", "demo:UPS-A", "-o", "ups.html").stdout.splitlines()

    assert told[0].endswith(", within 4 h:")
    assert told[1 : told.index("")] == page[:-1]
    assert "stays up" in told[2] or "stay up" in told[2]


def test_an_unknown_id_names_the_nearest_ones(loaded: Desk) -> None:
    """One line, no traceback."""
    answer = loaded.type("impact", "demo:UPS-Q")

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: no entity 'demo:UPS-Q' in revision 1; did you mean demo:UPS-")
    assert answer.stderr.count("\n") == 1


def test_a_medium_of_the_user_s_own_ontology_can_be_asked_for(desk: Desk) -> None:
    """A boiler that hands on steam feeds one heater, which is lost with it; the name is enough."""
    desk.write("own.ttl", OWN_MEDIUM)
    desk.write("site.ttl", "<urn:b> a <urn:x:Boiler> ; <https://brickschema.org/schema/Brick#feeds> <urn:h> . <urn:h> a <urn:x:Heater> .")
    desk.type("load", "site.ttl")

    asked = [desk.type("impact", "urn:b", "--json", "--medium", name, RIDETHROUGH_ONTOLOGY="own.ttl") for name in ("steam", "urn:x:Steam")]

    assert [answer.stderr for answer in asked] == ["", ""]
    assert [[row["medium"] for row in json.loads(answer.stdout)["outcomes"] if row["id"] == "urn:h"] for answer in asked] == [
        ["urn:x:Steam"]
    ] * 2


def test_an_unknown_medium_is_wrong_usage(loaded: Desk) -> None:
    """The media that there are are told."""
    answer = loaded.type("impact", "demo:UPS-A", "--medium", "Steam")

    assert answer.returncode == 2
    assert "dcx:Power, dcx:LiquidCooling, dcx:AirCooling" in answer.stderr


def test_an_empty_folder_says_what_to_do(desk: Desk) -> None:
    """Not that a file is missing, but what makes one."""
    answer = desk.type("impact", "demo:UPS-A")

    assert answer.returncode == 1
    assert "ridethrough load" in answer.stderr


def test_a_folder_that_cannot_be_written_is_told(desk: Desk) -> None:
    """The folder, the reason and the next step."""
    desk.write("a.ttl", SMALL)
    desk.write("file", "")
    answer = desk.type("load", "a.ttl", "--data", "file/data")

    assert answer.returncode == 1
    assert "data folder file/data cannot be written" in answer.stderr
    assert "--data" in answer.stderr


def test_a_second_process_on_the_same_folder_is_told_who_is_first(loaded: Desk) -> None:
    """The one that serves keeps the folder; loading beside it is refused, asking is not. That its port is taken is
    no problem of the doctor's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {**os.environ, "RIDETHROUGH_DATA": str(loaded.folder / "data")}
    with subprocess.Popen([RIDETHROUGH, "serve", "--port", port], cwd=loaded.folder, env=env, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert "Ridethrough serves" in first.stdout.readline()
        second = loaded.type("load", "site.ttl", "--source", "engineering")
        asked = loaded.type("impact", "demo:UPS-A", "--json")
        busy = loaded.type("serve", "--port", port, "--data", "elsewhere")
        well = loaded.type("doctor", "--json", RIDETHROUGH_PORT=port)
        first.terminate()
        first.stdout.read()

    assert first.returncode == 0
    assert second.returncode == 1
    assert f"is in use by process {first.pid} (serve at http://127.0.0.1:{port})" in second.stderr
    assert asked.returncode == 0
    assert busy.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in busy.stderr
    assert "--port" in busy.stderr
    assert (well.returncode, "a twin is served there" in well.stdout) == (0, True), well.stdout


def test_the_doctor_finds_nothing_wrong_with_a_folder_for_the_store_that_is_not_made_yet(desk: Desk) -> None:
    """As with a data folder: the first load makes it, looking does not."""
    answer = desk.type("doctor", "--store", "elsewhere", "--json", RIDETHROUGH_PORT="0")

    told = {check["check"]: check for check in json.loads(answer.stdout)["checks"]}
    assert told["store"]["ok"]
    assert told["drift"]["ok"]
    assert not (desk.folder / "elsewhere").exists()


def test_the_doctor_finds_a_busy_port(desk: Desk) -> None:
    """Exit code 3 and the next step; on a free port everything is well."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = desk.type("doctor", "--json", RIDETHROUGH_PORT=str(taken.getsockname()[1]))
    well = desk.type("doctor", "--json", RIDETHROUGH_PORT="0")

    assert busy.returncode == 3
    assert [check["check"] for check in json.loads(busy.stdout)["checks"] if not check["ok"]] == ["port"]
    assert well.returncode == 0, well.stdout


def test_the_doctor_knows_ipv6_and_the_port_of_a_broker_with_tls(desk: Desk) -> None:
    """A free port of ::1 is no problem, a busy one is; a broker without a port is looked for at 1883, with TLS at 8883 (IANA)."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = str(taken.getsockname()[1])
        busy = desk.type("doctor", "--json", RIDETHROUGH_HOST="::1", RIDETHROUGH_PORT=port, RIDETHROUGH_MQTT_URL=f"mqtt://[::1]:{port}")
    away = desk.type("doctor", "--json", RIDETHROUGH_HOST="::1", RIDETHROUGH_PORT="0", RIDETHROUGH_MQTT_URL="mqtts://127.0.0.99")
    wrong = desk.type("doctor", RIDETHROUGH_PORT="0", RIDETHROUGH_MQTT_URL="http://broker")

    found = [{check["check"]: (check["ok"], check["detail"]) for check in json.loads(answer.stdout)["checks"]} for answer in (busy, away)]
    assert (found[0]["port"][0], found[0]["broker"]) == (
        False,
        (False, f"port {port} of ::1: it takes the connection and says nothing for 3 s: is it a broker?"),
    )
    assert found[1]["port"] == (True, "port 0 of ::1 is free")
    assert found[1]["broker"][0] is False
    assert found[1]["broker"][1].startswith("port 8883 of 127.0.0.99: ")
    assert "setting 'mqtt_url': a broker is given as mqtt://" in wrong.stdout


def test_the_schema_is_printed_as_committed(desk: Desk) -> None:
    """What `ridethrough schema` prints is the file that clients generate from."""
    assert desk.type("schema").stdout == (Path(__file__).parents[2] / "resolvers" / "schema.graphql").read_text()
