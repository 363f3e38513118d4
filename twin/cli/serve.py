"""`ridethrough serve` and `ridethrough demo`: the service, until Ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.output import Config, Data, Store, say, settings_from

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on (RIDETHROUGH_HOST; 127.0.0.1).", show_default=False)]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="TCP port, 0 for a free one (RIDETHROUGH_PORT; 8080).", show_default=False)
]


def serve(
    data: Data = None,
    store: Store = None,
    host: Host = None,
    port: Port = None,
    role: Annotated[
        str | None,
        typer.Option(help="What this process does: all, ingest (only take messages in, several share them) or api.", show_default=False),
    ] = None,
    mqtt_url: Annotated[str | None, typer.Option(help="Broker to read telemetry from, mqtt://host:port.", show_default=False)] = None,
    modbus: Annotated[
        bool | None, typer.Option("--modbus/--no-modbus", help="Poll the Modbus gateways of the graph.", show_default=False)
    ] = None,
    control: Annotated[
        bool | None, typer.Option("--control/--no-control", help="Let the points of control_points be written.", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """Serve the twin: GraphQL, explorer, telemetry. Ctrl-C ends it."""
    from twin.main import run_service

    settings = settings_from(
        config, data=data, store=store, host=host, port=port, role=role, mqtt_url=mqtt_url, modbus=modbus, control=control
    )
    run_service(settings, say)


def demo(
    racks: Annotated[int, typer.Option(min=1, max=10_000, help="Racks of the site; counts when the data folder is still empty.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another site.")] = 1,
    data: Data = None,
    store: Store = None,
    host: Host = None,
    port: Port = None,
    config: Config = None,
) -> None:
    """Serve a living, synthetic data center: broker, simulated devices, twin and explorer in this one process. Ctrl-C ends it."""
    from twin.main import run_demo

    settings = settings_from(config, data=data, store=store, host=host, port=port)
    run_demo(settings, say, racks=racks, seed=seed)
