"""Discovery payloads and states to values. Pure: no socket, no clock, no state.

Source: Home Assistant, MQTT discovery (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery). Rules of this file:

1. A configuration gives entities, or a finding that says why it has none; what is not of use here is left out.
2. Templates are read as far as they lead to one place: `value`, `value_json.a.b`, `value_json['a'][0]`, and filters that change no
   number (`float`, `round`, `is_defined`). Another one is told, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite, nan
from typing import Any, NamedTuple

import orjson

from adapters.mqtt.codec import number, parse, shown
from ontology.controls import STEERING

COMPONENTS = {"sensor", "binary_sensor", "number", "switch"}
"""Those of which a state is a number, or one of two."""
_FULL = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "exp_aft": "expire_after",
    "obj_id": "object_id",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_cla": "state_class",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_t": "state_topic",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
_FULL_DEVICE = {"cns": "connections", "ids": "identifiers"}
_KEPT = {
    *("availability", "availability_mode", "availability_template", "availability_topic", "device", "device_class", "expire_after", "name"),
    *("payload_available", "payload_not_available", "payload_off", "payload_on", "platform", "state_class", "state_off", "state_on"),
    *("state_topic", "unique_id", "unit_of_measurement", "value_template"),
}
_NUMERIC = ("unit_of_measurement", "state_class", "device_class")
"""What tells that a sensor's state is a number, one of them at least."""
TEXT_CLASSES = {"date", "enum", "timestamp"}
"""Device classes of sensors that say a text."""
_TEMPLATE = re.compile(r"\{\{\s*(value(?:_json)?)\s*((?:\.\w+|\[\s*(?:'[^']*'|\"[^\"]*\"|\d+)\s*\])*)\s*((?:\|[^|{}]*)*)\}\}")
_STEP = re.compile(r"\.(\w+)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*\]")
_FILTER = re.compile(r"\|\s*(?:float|round|is_defined)\s*(?:\([^()]*\))?\s*")
_NOTHING = {"", "none", "null", "unknown", "unavailable"}

Path = tuple[str, ...] | None
"""Where a value stands in a JSON payload; None for the payload itself, as text."""


class Presence(NamedTuple):
    """A topic that tells whether an entity is there, where its word stands, and the two words."""

    topic: str
    path: Path
    there: str
    away: str


class Entity(NamedTuple):
    """One thing that is announced: what it is called, where its state is said and how that is read."""

    key: str
    """The topic of its configuration, and with `#` its name in that of a device."""
    component: str
    unique: str
    name: str
    device: str
    device_name: str
    device_class: str
    unit: str
    topic: str
    path: Path
    states: tuple[str, str] | None
    """What it says for 1 and for 0; None for a number."""
    expires_s: float
    """After how long without a word it counts as away; 0 for never."""
    presence: tuple[Presence, ...]
    mode: str
    text: str
    """Its configuration, as it is kept: JSON, names in full and in order."""


def discovered(topic: str, data: bytes, prefix: str, bytes_max: int) -> tuple[list[Entity], list[str]]:
    """The entities of a configuration, and what is wrong with those that are none. Never raises."""
    document, finding = parse(data, bytes_max)
    if finding or type(document) is not dict:
        return [], [finding or f"a configuration is an object, not {shown(document)}"]
    levels = topic[len(prefix) + 1 : -len("/config")].split("/")
    whole = _expanded(document)
    if levels[0] != "device":
        return _either([entity(topic, {**whole, "platform": levels[0]})])
    parts = whole.get("components")
    if type(parts) is not dict:
        return [], ["the configuration of a device has no components (cmps)"]
    shared = {name: value for name, value in whole.items() if name != "components"}
    found = []
    for name, part in sorted(parts.items()):
        if type(part) is not dict or len(part) < 2:
            continue  # only its platform: it has been taken away
        found.append(entity(f"{topic}#{name}", {**shared, **_expanded(part, shared.get("~"))}))
    return _either(found)


def _either(found: list[Entity | str]) -> tuple[list[Entity], list[str]]:
    return [one for one in found if isinstance(one, Entity)], [one for one in found if isinstance(one, str)]


def entity(key: str, config: Mapping[str, Any]) -> Entity | str:  # noqa: PLR0911  each has its own reason
    """The entity of a configuration with names in full, or why it is none."""
    kept = {name: config[name] for name in sorted(config.keys() & _KEPT)}
    component = str(kept.get("platform", ""))
    topic = kept.get("state_topic")
    if component not in COMPONENTS:
        return f"a {component or 'component'} is not read: its state is no number"
    if not isinstance(topic, str) or not topic or any(sign in topic for sign in "+#\0"):
        return "it has no state_topic: nothing says where its value is"
    path = template(kept.get("value_template"))
    if isinstance(path, str):
        return path
    kind = _word(kept.get("device_class"))
    if component == "sensor" and (kind in TEXT_CLASSES or not any(kept.get(name) for name in _NUMERIC)):
        return "its state is a text: it has no unit, no class of a number and no state class"
    presence = _presence(kept)
    if isinstance(presence, str):
        return presence
    device = _device(kept.get("device"))
    place = key.partition("#")[0].split("/")[1:-1]
    unique = _word(kept.get("unique_id")) or "/".join([*place, *key.partition("#")[2:]]).rstrip("/")
    name = _word(kept.get("name")) or key.partition("#")[2] or place[-1]
    states = None
    if component in {"binary_sensor", "switch"}:
        on, off = kept.get("payload_on", "ON"), kept.get("payload_off", "OFF")
        states = _said(kept.get("state_on", on)), _said(kept.get("state_off", off))
        if not all(states) or states[0] == states[1]:
            return "what it says for on and for off are no two words"
    expires = kept.get("expire_after")
    text = orjson.dumps({**kept, "device": device[2]}, option=orjson.OPT_SORT_KEYS)
    return Entity(
        key,
        component,
        unique,
        name,
        device[0] or place[-1],
        device[1] or device[0] or name,
        kind,
        _word(kept.get("unit_of_measurement")),
        topic,
        path,
        states,
        float(expires) if isinstance(expires, int | float) and 0 < expires < 1e9 else 0.0,
        presence,
        str(kept.get("availability_mode", "latest")),
        text.decode(),
    )


def again(key: str, text: str) -> Entity | None:
    """The entity that is kept as a text; None for what is none."""
    document, finding = parse(text.encode(), len(text.encode()))
    found = "" if finding or type(document) is not dict or key.count("/") < 3 else entity(key, document)
    return found if isinstance(found, Entity) else None


def _expanded(document: Mapping[str, Any], base: Any = None) -> dict[str, Any]:
    """Names in full, and `~` in topics made what it stands for."""
    found = {_FULL.get(name, name): value for name, value in document.items()}
    base = found.get("~", base)
    for name, value in found.items():
        if isinstance(base, str) and isinstance(value, str) and name.endswith("topic"):
            found[name] = base + value[1:] if value.startswith("~") else value[:-1] + base if value.endswith("~") else value
    if type(found.get("availability")) is list:
        found["availability"] = [_expanded(one, base) if type(one) is dict else one for one in found["availability"]]
    if isinstance(base, str):
        found["~"] = base
    return found


def _presence(kept: Mapping[str, Any]) -> tuple[Presence, ...] | str:
    stated = kept.get("availability")
    listed = [one for one in stated if type(one) is dict] if type(stated) is list else []
    if isinstance(kept.get("availability_topic"), str):
        of_its_own = {"topic": kept["availability_topic"], "value_template": kept.get("availability_template")}
        listed.append({**{name: value for name, value in kept.items() if name.startswith("payload_")}, **of_its_own})
    found = []
    for one in listed:
        topic, path = one.get("topic"), template(one.get("value_template"))
        if not isinstance(topic, str) or not topic or any(sign in topic for sign in "+#\0"):
            return "its availability names no topic"
        if isinstance(path, str):
            return path
        words = (_said(one.get("payload_available", "online")), _said(one.get("payload_not_available", "offline")))
        if not all(words) or words[0] == words[1]:
            return "its availability has no two words"
        found.append(Presence(topic, path, *words))
    return tuple(found)


def _device(said: Any) -> tuple[str, str, dict[str, Any]]:
    """A device's id, its name, and what is kept of it."""
    if type(said) is not dict:
        return "", "", {}
    full = {_FULL_DEVICE.get(name, name): value for name, value in said.items()}
    ids, connections = full.get("identifiers"), full.get("connections")
    if type(ids) is list and ids:
        ids = ids[0]
    elif not ids and type(connections) is list and connections and type(connections[0]) is list and connections[0]:
        ids = connections[0][-1]
    found, name = _word(ids), _word(full.get("name"))
    return found, name, ({"identifiers": [found]} if found else {}) | ({"name": name} if name else {})


def _word(said: Any) -> str:
    return STEERING.sub(" ", str(said)).strip()[:200] if isinstance(said, str | int | float) and not isinstance(said, bool) else ""


def _said(raw: Any) -> str:
    """What a state is called, as a template would write it; empty for what is no word."""
    return "" if isinstance(raw, dict | list) else str(raw).strip()


def template(text: Any) -> Path | str:
    """Where a template leads (rule 2), or that it is not read."""
    if text is None or text == "":
        return None
    found = _TEMPLATE.fullmatch(str(text).strip()) if isinstance(text, str) and len(text) < 1_000 else None
    if found is None or _FILTER.sub("", found[3]).strip() or (found[1] == "value" and found[2]):
        return f"its template is more than a place in the payload: {shown(text)}"
    if found[1] == "value":
        return None
    return tuple(next(part for part in step if part) for step in _STEP.findall(found[2]) if any(step))


def read(document: Any, data: bytes, one: Entity) -> tuple[float, str]:
    """The value that a state says, nan for none, and what is wrong with it. `document`: the payload as JSON, None for what is none."""
    raw = _at(document, data, one.path)
    if raw is _NOWHERE:
        return nan, "nowhere"
    said = _said(raw)
    if one.states is not None:
        for value, word in zip((1.0, 0.0), one.states, strict=True):
            if said == word or said.casefold() == word.casefold():
                return value, ""
    else:
        value = _number(raw)
        if isfinite(value):
            return value, ""
    if raw is None or said.casefold() in _NOTHING:
        return nan, ""
    wanted = "a number" if one.states is None else f"{one.states[0]} or {one.states[1]}"
    return nan, f"the state is {shown(raw)}, not {wanted}"


def is_there(data: bytes, of: Presence) -> bool | None:
    """Whether an availability message says that it is there; None for another word."""
    document = None if of.path is None else parse(data, len(data))[0]
    said = _said(_at(document, data, of.path))
    return True if said == of.there else False if said == of.away else None


_NOWHERE = object()


def _at(document: Any, data: bytes, path: Path) -> Any:
    if path is None:
        return data.decode(errors="replace").strip()
    for step in path:
        if type(document) is dict and step in document:
            document = document[step]
        elif type(document) is list and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _NOWHERE
    return document


def _number(raw: Any) -> float:
    if not isinstance(raw, str):
        return number(raw)
    try:
        return float(raw) if len(raw) < 40 and "_" not in raw else nan
    except ValueError:
        return nan


def paths(levels: str) -> Iterator[str]:
    """The topics of configurations under a prefix."""
    yield f"{levels}/+/+/config"
    yield f"{levels}/+/+/+/config"
