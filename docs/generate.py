"""Writes the reference pages that the code itself knows: settings, command line, GraphQL, REST, metrics, wires. `./dev docs` runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema
from pydantic import SecretStr

from adapters.http.app import described
from adapters.http.metrics import METRICS
from resolvers.schema import sdl
from scaffold.grades import GRADES, grade_of, rules, wires
from twin.cli.app import app
from twin.settings import PREFIX, Settings

FOLDER = Path(__file__).parent / "reference"


def settings_page() -> str:
    """Every setting: name, default, meaning, and how it is written where."""
    lines = [
        "# Settings",
        "",
        "Flags come before the environment, the environment before the file, the file before the defaults. An unknown key is an error.",
        "The file is TOML: `--config FILE`, else `RIDETHROUGH_CONFIG`, else `ridethrough.toml` in the working folder where there is one.",
        "In the environment a name is in capitals under `RIDETHROUGH_`; a list is written `a,b`, a table `a=b,c=d`.",
        "",
        "| setting | environment | default | what it is |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        lines.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {_shown(default)} | {field.description} |")
    return "\n".join([*lines, ""])


def _shown(default: Any) -> str:
    if isinstance(default, SecretStr) or default in (None, "", (), {}):
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def cli_page() -> str:
    """Every verb with its arguments and options."""
    lines = [
        "# Command line",
        "",
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 found problems. An error is one line on standard error, with the next step.",
        "Every reading verb has `--json`. Colour and progress only on a terminal; `NO_COLOR` is heeded.",
    ]
    root = typer.main.get_command(app)
    for name, command in _verbs(root):
        lines += [
            "",
            f"## ridethrough {name}",
            "",
            str(command.help or "").strip(),
            "",
            "| argument | default | what it is |",
            "|---|---|---|",
        ]
        lines += [_parameter(each) for each in command.params if each.name != "help"]
    return "\n".join([*lines, ""])


def _verbs(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The verbs of a group by their full names, those of the groups in it included."""
    for name, command in getattr(group, "commands", {}).items():
        yield from _verbs(command, f"{before}{name} ") if hasattr(command, "commands") else [(f"{before}{name}", command)]


def _parameter(each: Any) -> str:
    spelled = f"`{each.metavar or each.name.upper()}`" if each.param_type_name == "argument" else ", ".join(f"`{o}`" for o in each.opts)
    if each.param_type_name != "argument" and each.secondary_opts:
        spelled += ", " + ", ".join(f"`{o}`" for o in each.secondary_opts)
    default = "" if each.default in (None, False, (), "") or each.required else f"`{getattr(each.default, 'value', each.default)}`"
    return f"| {spelled}{' (needed)' if each.required else ''} | {default} | {(each.help or '').strip()} |"


def graphql_page() -> str:
    """Every type of the schema, with what each field says of itself."""
    schema = build_schema(sdl())
    lines = [
        "# GraphQL",
        "",
        "At `/graphql`: queries and mutations as JSON over HTTP POST, subscriptions over a `graphql-transport-ws` socket.",
        "The schema as text is `ridethrough schema`, committed as `resolvers/schema.graphql`.",
        "An id in an answer is a full IRI; where an id is asked for, a CURIE with a known prefix will do.",
        "Every error has a code in `extensions.code`. A document has bounds (depth, aliases, tokens, cost; see the settings).",
    ]
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            lines += ["", f"## {name}", "", kind.description or "", "", "| field | type | what it is |", "|---|---|---|"]
            for field_name, field in kind.fields.items():
                arguments = getattr(field, "args", {})
                lines.append(f"| `{field_name}` | `{field.type}` | {field.description} |")
                lines += [f"| `{field_name}({argument}:)` | `{each.type}` | {each.description} |" for argument, each in arguments.items()]
        elif isinstance(kind, GraphQLEnumType):
            lines += ["", f"## {name}", "", kind.description or "", "", ", ".join(f"`{value}`" for value in kind.values)]
    return "\n".join([*lines, ""])


def rest_page() -> str:
    """Every address of the HTTP wire with its parameters and answers."""
    description = described()
    lines = ["# REST", "", description["info"]["description"], "", "The description for programs is served at `/api/v1/openapi.json`."]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            lines += ["", f"## {method.upper()} /api/v1{path}", "", f"{operation['summary']}. {' '.join(operation['description'].split())}"]
            if parameters := operation.get("parameters"):
                lines += ["", "| parameter | where | what it is |", "|---|---|---|"]
                lines += [f"| `{p['name']}`{' (needed)' if p['required'] else ''} | {p['in']} | {p['description']} |" for p in parameters]
            if body := operation.get("requestBody"):
                lines += ["", f"Body: {', '.join(f'`{media}`' for media in body['content'])}."]
            lines += ["", "| status | answer | what it is |", "|---|---|---|"]
            for status, answer in operation["responses"].items():
                media = ", ".join(f"`{each}`" for each in answer.get("content", {}))
                lines.append(f"| {status} | {media} | {answer['description']} |")
    return "\n".join([*lines, ""])


def metrics_page() -> str:
    """Every metric of the service."""
    lines = [
        "# Metrics",
        "",
        "At `/metrics`, in Prometheus' text format, beside `process_*` of the process itself; for the last twelve hours also as series in",
        "Prometheus' language ([guide](../guides/rest.md)).",
        "",
        "| metric | kind | labels | what it is |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{name}` | {m.kind} | {', '.join(f'`{each}`' for each in m.labels)} | {m.help} |" for name, m in METRICS.items()]
    return "\n".join([*lines, ""])


def wires_page() -> str:
    """Every wire with its grade, and how it stands by each rule."""
    by, lists = rules(), wires()
    lines = [
        "# Wires",
        "",
        "A wire has a grade when it does all of that grade and of those before it, or is exempt for a reason. The rules are",
        "`adapters/quality.toml`, how a wire stands says its own `quality.toml`; each ✓ is a test that is marked with the rule.",
        "[How to add a wire](../guides/new-wire.md).",
        "",
        f"| rule | {' | '.join(lists)} | what it means |",
        f"|---|{'---|' * len(lists)}---|",
        f"| **grade** | {' | '.join(f'**{grade_of(wire, by)}**' if grade_of(wire, by) else 'none yet' for wire in lists.values())} | |",
    ]
    words = {"done": "✓", "exempt": "exempt", "todo": "to do"}
    for grade in GRADES:
        lines.append(f"| *{grade}* |{' |' * len(lists)} |")
        for rule in (rule for rule in by if rule.grade == grade):
            stands = [words[next(iter(wire.get(rule.name, {"todo": ""})))] for wire in lists.values()]
            lines.append(f"| `{rule.name}` | {' | '.join(stands)} | {rule.means} |")
    for name, wire in lists.items():
        own = [rule for rule in wire if rule not in {each.name for each in by}]
        open_ = [(kind, rule, said[kind]) for kind in ("todo", "exempt") for rule, said in wire.items() if kind in said]
        lines += ["", f"## {name}", ""]
        lines += [f"- {words[kind]}: `{rule}`: {text}" for kind, rule, text in open_]
        lines += [f"- beyond the rules: {', '.join(f'`{rule}`' for rule in own)}"] if own else []
    return "\n".join([*lines, ""])


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "graphql.md": graphql_page,
    "rest.md": rest_page,
    "metrics.md": metrics_page,
    "wires.md": wires_page,
}


def main() -> None:
    """Write every page anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
