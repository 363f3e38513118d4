"""Documents and patches as they come over the network, read in the sandbox; what is wrong with one becomes the client's answer."""

from __future__ import annotations

import struct
from typing import Any

from adapters.rdf.problems import Problem
from adapters.rdf.rules import ParseLimits
from adapters.rdf.sandbox.door import Died, Sandbox
from adapters.rdf.sandbox.frames import Broken, unpack
from ontology.terms import QuadBlock

_SIZE = struct.Struct(">Q")
_ANSWER_FACTOR = 40
"""How many bytes of columns a byte of a document can become: a Turtle triple of a few bytes is 16 and its terms."""


class Reader:
    """Reads documents and patches, each in a job of its own."""

    def __init__(self, sandbox: Sandbox, limits: ParseLimits) -> None:
        self._sandbox, self._limits = sandbox, limits

    def document(self, data: bytes, kind: str, *, source: str, scope: str, graph: str | None, base: str | None) -> QuadBlock:
        """The quads of a document; what stands in no graph belongs to `graph` (the source's own when None). Blank nodes are named within
        `scope`. Raises `Problem` (400, 413, 503)."""
        return _block(self._run("parse", data, kind, source, scope, graph, base))

    def patch(self, data: bytes, kind: str, *, source: str, scope: str, graph: str | None, base: str | None) -> tuple[QuadBlock, QuadBlock]:
        """The quads that a patch adds, and those that it removes. Raises as `document` does."""
        answer = self._run("patch", data, kind, source, scope, graph, base)
        size = _SIZE.unpack_from(answer)[0]
        return _block(answer[_SIZE.size : _SIZE.size + size]), _block(answer[_SIZE.size + size :])

    def _run(self, job: str, data: bytes, kind: str, source: str, scope: str, graph: str | None, base: str | None) -> bytes:
        limits = self._limits
        header = {
            "job": job,
            "format": kind,
            "name": "the body",
            "source": source,
            "scope": scope,
            "graph": graph,
            "base": base,
            "triples": limits.triples,
            "depth": limits.depth,
            "literal_bytes": limits.literal_bytes,
            "iri_bytes": limits.iri_bytes,
        }
        most = len(data) * _ANSWER_FACTOR + (1 << 20)
        try:
            with self._sandbox.place():
                told, answer = (
                    self._sandbox.keeper().fork().run(header, [data], seconds=limits.seconds, memory=limits.memory_bytes, answer=most)
                )
        except Died as died:
            raise self._died(died.reason) from None
        if "told" in told:
            raise self._refused(told["told"])
        return answer

    def _died(self, reason: str) -> Problem:
        limits = self._limits
        if reason == "time":
            return Problem(413, "too long to read", f"the body was not read within {limits.seconds:g} s: send it in parts")
        if reason == "memory":
            mb = limits.memory_bytes >> 20
            return Problem(
                413, "too large to read", f"reading the body took more than {mb:,} MB of memory: send it in parts, or as N-Quads"
            )
        return Problem(400, "unreadable", "the body broke its reader, which was ended: send it as N-Triples or N-Quads")

    def _refused(self, told: dict[str, Any]) -> Problem:
        what = told.get("what")
        if what == "memory":
            return self._died("memory")
        if what == "limit":
            return Problem(413, "over a limit", f"the body has {told['limit']}: {told['remedy']}")
        if what == "syntax":
            line, column = int(told["line"]), int(told["column"])
            place = f"line {line}, column {column}: " if line else ""
            return Problem(400, "not well formed", f"{place}{told['reason']}: {told['remedy']}", line=line or None, column=column or None)
        if what == "depth":
            return Problem(413, "over a limit", "the body nests too deeply: give inner nodes names of their own")
        return Problem(422, "not taken", str(told.get("reason", "the body is not taken")))


def _block(data: bytes) -> QuadBlock:
    try:
        return unpack(data)
    except Broken as error:
        raise Problem(400, "unreadable", "the body broke its reader, which was ended: send it as N-Triples or N-Quads") from error
