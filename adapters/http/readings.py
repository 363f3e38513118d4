"""`POST /api/v1/readings`: readings in, answered when they are durable."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from adapters.http.asking import INSTANT_SCHEMA, known_parameters
from adapters.http.bodies import Bodies
from adapters.http.codec import ARROW, JSON, NDJSON, QUALITIES, Unreadable, read
from adapters.http.intake import Intake
from adapters.http.keys import KEY_CHARS, Keys
from adapters.http.parts import HttpParts
from adapters.http.problems import PROBLEM, Problem, told
from adapters.http.rules import HttpRules
from adapters.http.threads import Threads
from twin.may_write import readings_refused

THREADS = 8
_NUMBER = {"type": ["number", "boolean", "null"], "description": "The value; null for none: the quality is bad then."}
_TIME = {
    "anyOf": [*INSTANT_SCHEMA["anyOf"], {"type": "null"}],
    "description": "The device's own time: ISO 8601 with an offset, or seconds or milliseconds since 1970. Left out: that of arrival.",
}
_QUALITY = {"type": ["string", "null"], "enum": [*QUALITIES, None], "description": "What the sender says of its value. Left out: good."}
_UNIT = {"type": ["string", "null"], "description": "A unit of QUDT that the value is in, as IRI or CURIE. Left out: the point's own."}
_POINT = {"type": "string", "description": "The point's id, as IRI or CURIE."}
_ONE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["point", "value"],
    "properties": {"point": _POINT, "value": _NUMBER, "observed_at": _TIME, "quality": _QUALITY, "unit": _UNIT},
}


def _list_or_one(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "array", "items": one}, one]}


_COLUMNS = {
    "type": "object",
    "description": "Columns of one length; the last three may be one for all.",
    "additionalProperties": False,
    "required": ["point", "value"],
    "properties": {
        "point": {"type": "array", "items": _POINT},
        "value": {"type": "array", "items": _NUMBER},
        "observed_at": _list_or_one(_TIME),
        "quality": _list_or_one(_QUALITY),
        "unit": _list_or_one(_UNIT),
    },
}
_EXAMPLE = [{"point": "demo:Rack-R001.Power", "value": 4.2, "observed_at": "2026-06-01T12:00:00Z", "unit": "unit:KiloW"}]
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"anyOf": [{"type": "array", "items": _ONE}, _ONE, _COLUMNS]}, "example": _EXAMPLE},
            NDJSON: {"schema": {"type": "string", "description": "An object as in JSON a line."}},
            ARROW: {"schema": {"type": "string", "format": "binary", "description": "An Arrow IPC stream with these columns."}},
        },
    }
}
_COUNT = {"type": "integer", "minimum": 0}
OUTCOME = {
    "type": "object",
    "title": "Outcome",
    "required": ["lines", "taken", "refused", "unbound", "kept", "errors"],
    "properties": {
        "lines": {**_COUNT, "description": "Readings in all."},
        "taken": {**_COUNT, "description": "In the table of current values, as far as they are news."},
        "refused": {**_COUNT, "description": "Not taken, each for its own reason."},
        "unbound": {**_COUNT, "description": "Of those, how many name no point that the graph has."},
        "kept": {"type": "boolean", "description": "Whether what was taken is durable in the history."},
        "errors": {
            "type": "array",
            "description": "The first of what was refused.",
            "items": {
                "type": "object",
                "required": ["line", "point", "code", "message"],
                "properties": {
                    "line": {"type": "integer", "description": "From 1: row, line, or element."},
                    "point": {"type": "string"},
                    "code": {
                        "type": "string",
                        "description": "bad_json, no_object, strange_member, short_column, no_point, unknown_point, worked_out, "
                        "no_number, bad_quality, bad_time, bad_unit or wrong_unit.",
                    },
                    "message": {"type": "string"},
                },
            },
        },
    },
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "All were taken.", "content": {JSON: {"schema": OUTCOME}}},
    207: {"description": "Some were refused; the others were taken.", "content": {JSON: {"schema": OUTCOME}}},
    **told(400, 403, 404, 408, 409, 413, 415, 503),
}


_NAMES = {"type": "array", "items": {"type": "object", "properties": {"point": {"type": "string"}, "count": _COUNT}}}
_UNBOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "In order of names.",
        "content": {JSON: {"schema": {"type": "object", "required": ["unbound"], "properties": {"unbound": _NAMES}}}},
    },
    **told(),
}


def let_in(rules: HttpRules, host: str, origin: str | None, own: str | None) -> str:
    """Why who asks may not send readings; nothing where it may."""
    why_not = rules.elsewhere or readings_refused(rules.write, host)
    if not why_not and not same_origin(rules, origin, own):
        why_not = f"a page of {origin} may not send readings here: add it to allowed_origins if it is yours"
    return why_not


def same_origin(rules: HttpRules, origin: str | None, own: str | None) -> bool:
    """Whether a request comes from no page, from one of ours, or from one that is let in."""
    return origin is None or urlsplit(origin).netloc == own or origin in rules.origins


def readings_router(parts: HttpParts, intake: Intake, keys: Keys, rules: HttpRules) -> APIRouter:
    """The address."""
    router, bodies, threads = APIRouter(dependencies=[Depends(known_parameters)]), Bodies(), Threads(THREADS)

    @router.post("/readings", summary="Send readings", tags=["readings"], response_class=Response, responses=_ANSWERS, openapi_extra=BODY)
    async def readings(
        request: Request,
        idempotency_key: str | None = Header(None, max_length=KEY_CHARS, description="The same key gives the same answer again."),
    ) -> Response:
        """Take readings of points. The answer comes when they are in the table of current values and durable in the history; each line
        that is refused is told by number, and harms no other. A reading with its own time may be sent again: it is kept once."""
        why_not = let_in(rules, request.client.host if request.client else "", request.headers.get("origin"), request.headers.get("host"))
        if why_not:
            raise Problem(403, "read only", why_not)
        media = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media not in (JSON, NDJSON, ARROW):
            text = f"the body is of {media[:80]!r}: send {JSON}, {NDJSON} or {ARROW}"
            raise Problem(415, "unknown format", text, {"accept-post": f"{JSON}, {NDJSON}, {ARROW}"})
        body = await bodies.read(request, rules.body_bytes, "readings_body_mb")
        return await threads.run(answered, body, media, idempotency_key)

    @router.get("/readings/unbound", summary="List names of no point", tags=["readings"], response_class=Response, responses=_UNBOUND)
    async def unbound() -> Response:
        """The names that clients have sent readings of and that no point of the graph has, with how often: the 1,000 heard last."""
        names = [{"point": name, "count": count} for name, count in intake.names_of_no_point()]
        return Response(orjson.dumps({"unbound": names}), media_type=JSON, headers={"cache-control": "no-cache"})

    def answered(body: bytes, media: str, key: str | None) -> Response:
        if not key:
            return _response(*taken(body, media)[:2])
        with keys.held(key, body) as before:
            if before is not None:
                return _response(*before, again=True)
            status, answer, kept = taken(body, media)
            if kept or parts.history is None:  # what history has missed may be sent again
                keys.keep(key, body, status, answer)
            return _response(status, answer)

    def taken(body: bytes, media: str) -> tuple[int, bytes, bool]:
        try:
            outcome = intake.take(read(body, media, parts.now_ms, rules.rows_max))
        except Unreadable as error:
            raise Problem(400, "unreadable", str(error)) from None
        status, answer = 207 if outcome.refused else 200, outcome.to_json()
        if outcome.refused and outcome.refused == outcome.said:
            first = outcome.first[0]
            status = 404 if outcome.unbound else 409 if first.code == "wrong_unit" else 422
            answer = {"title": "nothing taken", "status": status, "detail": f"line {first.line}: {first.message}", **answer}
        return status, orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), outcome.kept

    return router


def _response(status: int, answer: bytes, *, again: bool = False) -> Response:
    headers = {"cache-control": "no-store", **({"idempotent-replayed": "true"} if again else {})}
    return Response(answer, status, headers, JSON if status < 400 else PROBLEM)
