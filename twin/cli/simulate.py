"""`ridethrough simulate`: operate a breaker of the simulated plant."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from twin.cli.output import Config, Data, Store, say, settings_from


class Act(StrEnum):
    """What can be done to a breaker."""

    OPEN = "open"
    CLOSE = "close"


def simulate(
    act: Annotated[Act, typer.Argument(help="What to do.", show_default=False)],
    breaker: Annotated[str, typer.Argument(help="IRI or CURIE of a breaker of the running demo.", show_default=False)],
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Open or close a breaker of the running demo's simulated plant, over Modbus, as somebody at the switchboard would. It is
    done when the twin has read it."""
    from twin.compose_demo import operate

    settings = settings_from(config, data=data, store=store)
    heard = operate(settings, breaker, closed=act is Act.CLOSE)
    position = "closed" if act is Act.CLOSE else "open"
    say(f"{breaker}: {position} in the plant, " + ("and the twin has read it" if heard else "but the twin has not read it yet: ask again"))
