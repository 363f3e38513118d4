"""Hostile RDF and SPARQL: whatever is sent, no request leaves the host, the limits are named, and the service goes on answering."""

from __future__ import annotations

import gzip
import io
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.rdf.negotiation import RDF_TYPES
from adapters.rdf.rules import MB, ParseLimits, QueryLimits, RdfRules
from ontology.namespaces import OWL
from tests.support.rdf_served import TURTLE, Canary, RdfServed, canary, rdf_served

ROOT = Path(__file__).parents[2]
XML_HEAD = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e#">'
WORDS = [
    "SELECT",
    "ASK",
    "{",
    "}",
    "(",
    ")",
    "?s",
    "?p",
    "<urn:a>",
    "SERVICE",
    "LOAD",
    "'x",
    '"',
    "#",
    "\\u0053",
    "FROM",
    "BIND",
    ".",
    ";",
    "1",
    "*",
    ":b",
    "!",
]
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 8))
SH = "http://www.w3.org/ns/shacl#"


def documents(address: str) -> dict[str, tuple[str, bytes, set[int]]]:
    """The corpus of documents: format, bytes, and the answers that are right. `address` is the canary's."""
    file = "file:///etc/hostname"
    return {
        "external entity": (
            "rdfxml",
            f'<!DOCTYPE r [<!ENTITY x SYSTEM "{address}/x">]>{XML_HEAD}<e:A><e:p>&x;</e:p></e:A></rdf:RDF>'.encode(),
            {400},
        ),
        "external subset": ("rdfxml", f'<!DOCTYPE r SYSTEM "{address}/dtd">{XML_HEAD}</rdf:RDF>'.encode(), {400}),
        "file entity": (
            "rdfxml",
            f'<!DOCTYPE r [<!ENTITY x SYSTEM "{file}">]>{XML_HEAD}<e:A><e:p>&x;</e:p></e:A></rdf:RDF>'.encode(),
            {400},
        ),
        "parameter entity": ("rdfxml", f'<!DOCTYPE r [<!ENTITY % x SYSTEM "{address}/p"> %x;]>{XML_HEAD}</rdf:RDF>'.encode(), {400}),
        "entity bomb": (
            "rdfxml",
            f'<!DOCTYPE r [<!ENTITY l0 "lol">{LAUGHS}]>{XML_HEAD}<e:A><e:p>&l7;</e:p></e:A></rdf:RDF>'.encode(),
            {400},
        ),
        "entity bomb in UTF-16": ("rdfxml", f'<!DOCTYPE r [<!ENTITY l0 "lol">{LAUGHS}]>{XML_HEAD}</rdf:RDF>'.encode("utf-16"), {400}),
        "a document type in small letters": (
            "rdfxml",
            f'<!doctype r [<!ENTITY x "boo">]>{XML_HEAD}<e:A><e:p>&x;</e:p></e:A></rdf:RDF>'.encode(),
            {400},
        ),
        "entity bomb in mixed letters": ("rdfxml", f'<!DocType r [<!ENTITY l0 "lol">{LAUGHS}]>{XML_HEAD}</rdf:RDF>'.encode(), {400}),
        "elements behind what is no XML": (
            "rdfxml",
            f' <?xml version="1.0"?>{XML_HEAD}'.encode() + b"<e:A><e:p>" * 5000 + b"</e:p></e:A>" * 5000 + b"</rdf:RDF>",
            {400},
        ),
        "stylesheet": ("rdfxml", f'<?xml-stylesheet href="{address}/s"?>{XML_HEAD}</rdf:RDF>'.encode(), {204}),
        "parse type literal": (
            "rdfxml",
            f'{XML_HEAD}<e:A><e:p rdf:parseType="Literal"><img src="{address}/i"/></e:p></e:A></rdf:RDF>'.encode(),
            {201, 204},
        ),
        "remote context": ("jsonld", f'{{"@context":"{address}/c","a":"b"}}'.encode(), {400}),
        "remote context in a list": ("jsonld", f'{{"@context":[{{}},"{address}/c"],"a":"b"}}'.encode(), {400}),
        "imported context": ("jsonld", f'{{"@context":{{"@version":1.1,"@import":"{address}/c"}},"a":"b"}}'.encode(), {400}),
        "file context": ("jsonld", f'{{"@context":"{file}","a":"b"}}'.encode(), {400}),
        "owl:imports": ("turtle", f"<urn:o> a <{OWL}Ontology> ; <{OWL}imports> <{address}/o> , <{file}> .".encode(), {201, 204}),
        "shapes with SPARQL": (
            "turtle",
            f"<urn:s> a <{SH}NodeShape> ; <{SH}targetNode> <urn:s> ; "
            f'<{SH}sparql> [ <{SH}select> "SELECT * {{ SERVICE <{address}/q> {{}} }}" ] ; '
            f'<{SH}js> [ <{SH}jsLibrary> [ <{SH}jsLibraryURL> "{address}/js" ] ] .'.encode(),
            {201, 204},
        ),
        "IRIs that act": ("turtle", f"<javascript:alert(1)> <{file}> <data:text/html,x> , <{address}/d> .".encode(), {201, 204}),
        "an IRI with a line in it": ("jsonld", b'{"@id":"urn:a> <urn:b> <urn:c> .\\n<urn:x","urn:p":"v"}', {201, 204, 400}),
        "a text that looks like more": ("turtle", rb'<urn:a> <urn:p> "x\" .\n<urn:evil> <urn:p> <urn:q> . \u0000" .', {201, 204, 400}),
        "a huge literal": ("turtle", b'<urn:a> <urn:p> "' + b"x" * 5_000_000 + b'" .', {413}),
        "a huge IRI": ("ntriples", b"<urn:" + b"x" * 100_000 + b"> <urn:p> <urn:o> .", {413}),
        "deep objects": ("jsonld", b'{"urn:p":' * 3000 + b'"x"' + b"}" * 3000, {413}),
        "deep lists": ("jsonld", b'{"urn:p":' + b"[" * 100_000 + b"1" + b"]" * 100_000 + b"}", {413}),
        "deep blank nodes": ("turtle", b"<urn:a> <urn:p> " + b"[<urn:p> " * 100_000 + b"1" + b"]" * 100_000 + b" .", {413}),
        "deep collections": ("trig", b"<urn:a> <urn:p> " + b"(" * 100_000 + b")" * 100_000 + b" .", {413}),
        "deep elements": ("rdfxml", XML_HEAD.encode() + b"<e:A><e:p>" * 50_000 + b"</e:p></e:A>" * 50_000 + b"</rdf:RDF>", {413}),
        "depth behind texts": ("turtle", b"<urn:a> <urn:p> " + b'[<urn:p> "]" ; <urn:q> ' * 5000 + b"1" + b"]" * 5000 + b" .", {413}),
        "depth behind a name's number sign": (
            "turtle",
            rb"@prefix : <urn:> . :a :p\# " + b"[ :b " * 5000 + b"1" + b"]" * 5000 + b" .",
            {413},
        ),
        "depth behind a name's quotation mark": (
            "turtle",
            rb"@prefix : <urn:> . :a :p\' " + b"( " * 5000 + b"1" + b")" * 5000 + b" .",
            {413},
        ),
        "deep triples": ("ntriples", b"<urn:a> <urn:p> " + b"<<( <urn:a> <urn:p> " * 20_000 + b"1" + b" )>>" * 20_000 + b" .", {413}),
        "numbers without end": ("jsonld", b'{"urn:p":[1e400,-1e400,1e-400,' + b"9" * 5000 + b"]}", {201, 204, 400}),
        "the same key twice": ("jsonld", b'{"@id":"urn:a","@id":"urn:b","urn:p":1,"urn:p":2}', {201, 204, 400}),
        "not a number": ("jsonld", b'{"urn:p":NaN}', {400}),
        "not UTF-8": ("turtle", b'<urn:a> <urn:p> "\xff\xfe" .', {400}),
        "UTF-16": ("turtle", '<urn:a> <urn:p> "x" .'.encode("utf-16"), {400}),
        "nothing but zeros": ("turtle", bytes(10_000), {400}),
        "a prefix of prefixes": ("turtle", b"".join(b"@prefix p%d: <urn:%d> .\n" % (n, n) for n in range(50_000)), {201, 204}),
    }


def queries(address: str) -> dict[str, tuple[str, set[int]]]:
    """The corpus of queries: text, and the answers that are right."""
    return {
        "SERVICE": (f"SELECT * {{ SERVICE <{address}/s> {{ ?s ?p ?o }} }}", {400}),
        "SERVICE SILENT": (f"SELECT * {{ SERVICE SILENT <{address}/s> {{ ?s ?p ?o }} }}", {400}),
        "SERVICE by escape": (f"SELECT * {{ S\\u0045RVICE <{address}/s> {{ ?s ?p ?o }} }}", {400}),
        "SERVICE behind a number": (f"SELECT * {{ ?a ?b true.SERVICE <{address}/s> {{ ?s ?p ?o }} }}", {400}),
        "SERVICE by variable": (f"SELECT * {{ BIND(<{address}/s> AS ?w) SERVICE ?w {{ ?s ?p ?o }} }}", {400}),
        "FROM": (f"SELECT * FROM <{address}/f> FROM NAMED <{address}/n> FROM <file:///etc/passwd> {{ ?s ?p ?o }}", {200}),  # noqa: S608 - hostile by intent
        "LOAD": (f"LOAD <{address}/l>", {400}),
        "LOAD a file": ("LOAD <file:///etc/passwd>", {400}),
        "INSERT": ("INSERT DATA { <urn:a> <urn:p> 1 }", {400}),
        "a product": ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }", {503}),
        "a sorted product": ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a ?d", {413, 503}),
        "a regex": ('SELECT * { BIND("' + "a" * 40 + '!" AS ?t) FILTER regex(?t, "^(a+)+$") }', {200}),
        "a regex of regexes": ('SELECT * { BIND("a" AS ?t) FILTER regex(?t, "((((a{1,100}){1,100}){1,100}){1,100})") }', {200}),
        "doubling": (
            "SELECT ?x40 { BIND('xxxxxxxx' AS ?x0) " + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40)) + "}",
            {413, 503},
        ),
        "deep brackets": ("ASK { FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }", {400}),
        "deep groups": ("ASK " + "{" * 20_000 + "}" * 20_000, {400}),
        "deep negation": ("ASK { FILTER(" + "!" * 30_000 + "true) }", {200, 400, 503}),
        "long paths": ("ASK { ?s " + "/".join(["(<urn:p>|!<urn:q>)*"] * 400) + " ?o }", {200, 400, 413, 503}),
        "an endless text": ("ASK { ?s ?p '''" + "\\'" * 30_000, {400}),
        "many words": ("ASK { VALUES ?x {" + "1 " * 30_000 + "} }", {400}),
        "too long": ("ASK {} #" + "x" * 100_000, {413}),
    }


PATCHES = {
    "LOAD": "LOAD <{address}/p>",
    "INSERT WHERE SERVICE": "INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{address}/p> {{ ?s ?p ?o }} }}",
    "COPY": "COPY <{address}/p> TO DEFAULT",
    "LOAD behind data": "INSERT DATA {{ <urn:a> <urn:p> 'x' }} ; LOAD <{address}/p>",
    "LOAD behind a broken text": "INSERT DATA {{ <urn:a> <urn:p> 'x\n }} ; LOAD <{address}/p>",
}


@pytest.fixture(scope="module")
def watch() -> Iterator[Canary]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def rdf() -> Iterator[RdfServed]:
    rules = RdfRules(parse=ParseLimits(seconds=20, memory_bytes=512 * MB), query=QueryLimits(seconds=2, memory_bytes=256 * MB))
    with rdf_served(rules) as served:
        served.put("source=plain", "\n".join(f"<urn:{n}> <urn:p> {n} ." for n in range(300))).raise_for_status()
        yield served


def still_answers(rdf: RdfServed, watch: Canary) -> None:
    """The service is well, and nothing has left the host."""
    assert rdf.count("<urn:7> <urn:p> 7") == 1
    assert rdf.client.get("/rdf?source=plain").status_code == 200
    assert watch.seen == []


def test_the_canary_sees_who_comes() -> None:
    """The fault would be noticed: a request to the canary is seen."""
    with canary() as server:
        assert httpx.get(f"{server.address}/x").status_code == 204
        assert server.seen == ["GET /x HTTP/1.1"]


@pytest.mark.parametrize("name", documents(""))
def test_a_hostile_document(rdf: RdfServed, watch: Canary, name: str) -> None:
    """PUT and POST of it: refused with a reason, or kept as the plain facts that it states."""
    form, body, right = documents(watch.address)[name]
    headers = {"content-type": RDF_TYPES[form]}

    answers = [rdf.client.request(method, "/rdf?source=hostile&deletions=100", content=body, headers=headers) for method in ("PUT", "POST")]

    assert {answer.status_code for answer in answers} <= right, answers[0].text
    assert all(answer.json()["detail"] for answer in answers if answer.status_code >= 400)
    still_answers(rdf, watch)


@pytest.mark.parametrize("name", queries(""))
def test_a_hostile_query(rdf: RdfServed, watch: Canary, name: str) -> None:
    """Asked by POST: refused, answered, or ended with the limit named."""
    query, right = queries(watch.address)[name]

    answer = rdf.client.post("/sparql", content=query.encode(), headers={"content-type": "application/sparql-query"})

    assert answer.status_code in right, answer.text[:500]
    still_answers(rdf, watch)


@pytest.mark.parametrize("name", PATCHES)
def test_a_hostile_patch(rdf: RdfServed, watch: Canary, name: str) -> None:
    """Anything but data is refused before anything runs."""
    answer = rdf.patch("source=hostile", PATCHES[name].format(address=watch.address))

    assert answer.status_code in (400, 422)
    still_answers(rdf, watch)


@pytest.mark.parametrize("kind", ["application/zip", "application/gzip", "application/x-tar"])
def test_archives_are_not_opened(rdf: RdfServed, watch: Canary, kind: str) -> None:
    """An archive is 415 whatever it is called; so is a body under Content-Encoding: no bomb is ever unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ttl", b"#" * 10_000_000)
    bomb = gzip.compress(b"#" * 10_000_000)

    as_archive = rdf.client.put("/rdf?source=hostile", content=packed.getvalue(), headers={"content-type": kind})
    encoded = rdf.client.put("/rdf?source=hostile", content=bomb, headers={**TURTLE, "content-encoding": "gzip"})
    hidden = rdf.client.put("/rdf?source=hostile", content=bomb, headers=TURTLE)

    assert [as_archive.status_code, encoded.status_code, hidden.status_code] == [415, 415, 400]
    still_answers(rdf, watch)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (ParseLimits(seconds=0.3), "within 0.3 s"),
        (ParseLimits(memory_bytes=16 * MB), "16 MB"),
        (ParseLimits(triples=100_000), "100,000 triples"),
    ],
)
def test_a_document_that_costs_too_much_is_ended_and_told_which_limit(limits: ParseLimits, told: str) -> None:
    """Time, memory and number of triples, each by name; the next document is read."""
    body = b"".join(b"<urn:e:%d> <urn:p> <urn:o:%d> .\n" % (n, n) for n in range(300_000))
    with rdf_served(RdfRules(parse=limits)) as rdf:
        answer = rdf.client.put("/rdf?source=a", content=body, headers={"content-type": "application/n-triples"})

        assert (answer.status_code, told in answer.json()["detail"]) == (413, True), answer.text


def test_a_plain_question_is_answered_while_hostile_ones_run(rdf: RdfServed, watch: Canary) -> None:
    """Both places for queries are taken by products, both for documents by large ones: reading goes on, and a query gets its turn."""
    product = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"
    with ThreadPoolExecutor(8) as pool, httpx.Client(base_url=rdf.base, timeout=60) as client:
        hostile = [pool.submit(client.get, "/sparql", params={"query": product}) for _ in range(2)]
        while not (running := [f for f in hostile if f.running()]) or len(running) < 2:
            pass
        plain = [rdf.client.get("/rdf?source=plain"), rdf.client.get("/sparql")]
        meanwhile = [future.done() for future in hostile]
        turn = rdf.ask("ASK {}")
        wait(hostile)

    assert [answer.status_code for answer in plain] == [200, 200]
    assert meanwhile == [False, False]
    assert [future.result().status_code for future in hostile] == [503, 503]
    assert turn.json()["boolean"] is True
    still_answers(rdf, watch)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(
    form=st.sampled_from(sorted(RDF_TYPES)),
    body=st.one_of(st.binary(max_size=300), st.text(alphabet="<>\"[](){}@:^_\\.ab\n '#,;", max_size=200).map(str.encode)),
)
def test_whatever_is_sent_is_answered_and_never_by_an_error_of_ours(rdf: RdfServed, form: str, body: bytes) -> None:
    """Random bytes and random punctuation in every format: taken or refused, never a failure."""
    answer = rdf.client.post("/rdf?source=fuzz", content=body, headers={"content-type": RDF_TYPES[form]})

    assert answer.status_code in (200, 201, 204, 400, 409, 413, 422), answer.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(query=st.lists(st.sampled_from(WORDS), max_size=25))
def test_whatever_is_asked_is_answered_and_never_by_an_error_of_ours(rdf: RdfServed, watch: Canary, query: list[str]) -> None:
    """Random words of SPARQL: answered or refused."""
    answer = rdf.ask(" ".join(query))

    assert answer.status_code in (200, 400, 413, 503), answer.text
    assert watch.seen == []


ESCAPES = """
import ctypes, os, resource, signal, socket, sys
from adapters.rdf.sandbox.confine import confine
victim, parent, libc = sys.argv[2], os.getppid(), ctypes.CDLL(None, use_errno=True)
if sys.argv[1] == "nobody" and os.getuid() == 0:
    os.setgroups([])
    os.setuid(65534)
confine(5, 64 << 20)
def called(name, *given):
    if getattr(libc, name)(*(g.encode() if isinstance(g, str) else g for g in given)) == -1:
        raise OSError(ctypes.get_errno(), name)
def tried(name, act):
    try:
        act()
        os.write(1, (name + " went through\\n").encode())
    except BaseException as error:
        os.write(1, (name + " " + type(error).__name__ + "\\n").encode())
tried("socket", lambda: socket.socket())
tried("pair", lambda: socket.socketpair())
tried("pipe", os.pipe)
tried("read", lambda: os.open("/etc/hostname", os.O_RDONLY))
tried("write", lambda: os.open("/tmp/x", os.O_CREAT | os.O_WRONLY))
tried("look", lambda: os.stat(victim))
tried("list", lambda: os.listdir("/"))
tried("truncate", lambda: os.truncate(victim, 0))
tried("unlink", lambda: os.unlink(victim))
tried("unlinkat", lambda: called("unlinkat", -100, victim, 0))
tried("rename", lambda: os.rename(victim, victim + "2"))
tried("renameat", lambda: called("renameat", -100, victim, -100, victim + "2"))
tried("link", lambda: os.link(victim, victim + "2"))
tried("linkat", lambda: called("linkat", -100, victim, -100, victim + "2", 0))
tried("symlink", lambda: os.symlink(victim, victim + "2"))
tried("mkdir", lambda: os.mkdir(victim + "2"))
tried("mkdirat", lambda: called("mkdirat", -100, victim + "2", 0o700))
tried("mknod", lambda: os.mknod(victim + "2"))
tried("mkfifo", lambda: os.mkfifo(victim + "2"))
tried("chmod", lambda: os.chmod(victim, 0o777))
tried("chown", lambda: os.chown(victim, os.getuid(), -1))
tried("utime", lambda: os.utime(victim))
tried("setxattr", lambda: os.setxattr(victim, "user.a", b"b"))
tried("chdir", lambda: os.chdir("/"))
tried("fork", os.fork)
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("kill", lambda: os.kill(parent, 0))
tried("tgkill", lambda: called("tgkill", parent, parent, 0))
tried("sigqueue", lambda: called("sigqueue", parent, 0, None))
tried("pidfd", lambda: os.pidfd_open(parent))
tried("ptrace", lambda: called("ptrace", 16, parent, 0, 0))
tried("limits", lambda: resource.prlimit(parent, resource.RLIMIT_CORE))
tried("own limits", lambda: resource.setrlimit(resource.RLIMIT_CPU, (9, 9)))
tried("priority", lambda: os.setpriority(os.PRIO_PROCESS, parent, 19))
tried("shared memory", lambda: called("shmget", 0, 4096, 0o1666))
tried("memory", lambda: bytearray(1 << 30))
os.abort()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system call filter is Linux's")
@pytest.mark.parametrize("user", ["root", "nobody"])
def test_a_job_that_was_taken_over_can_do_nothing(user: str, tmp_path: Path) -> None:
    """After `confine` no socket, file, process, signal or gigabyte is to be had: with the rights of these tests, and with none. It can
    still abort, by which it tells that memory ran out."""
    (victim := tmp_path / "twin.sqlite").write_text("the twin")
    command = [sys.executable, "-c", ESCAPES, user, str(victim)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    acts = [line.partition('"')[2].partition('"')[0] for line in ESCAPES.splitlines() if line.startswith("tried(")]
    refused = dict.fromkeys(acts, "PermissionError") | {"memory": "MemoryError", "own limits": "ValueError"}  # how setrlimit tells EPERM
    assert dict(line.rsplit(" ", 1) for line in done.stdout.splitlines()) == refused, done.stderr
    assert done.returncode == -signal.SIGABRT
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("twin.sqlite", "the twin")]
