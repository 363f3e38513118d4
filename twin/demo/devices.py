"""Device types that the demo site's racks are filled with: facts of real devices, so that draws and cords are plausible.

Manufacturer, model, height, cords and draws are facts out of the community device-type library (nautobot fork of 2024-04-08,
CC0 1.0), file `device-types/<manufacturer>/<model>.yaml`: `u_height`, the number of `power-ports`, `maximum_draw`, `allocated_draw`,
`weight`. `assumed` names what is not from there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A device type: height in rack units, power cords, nameplate watts a cord, watts it is planned with in all, kilograms (0 unknown)."""

    manufacturer: str
    model: str
    kind: str
    units: int
    cords: int
    cord_watts: float
    allocated_watts: float
    kilograms: float = 0.0
    assumed: str = ""

    @property
    def rated_watts(self) -> float:
        """Nameplate draw of the whole device: half of its cords carry it, the other half are spare (a single cord carries all)."""
        return self.cord_watts * max(1, self.cords // 2)

    @property
    def needed_cords(self) -> int:
        """Cords that must be live for the device to run."""
        return max(1, self.cords // 2)


# Planned draw of a server where the library gives none: 45 % of nameplate, the usual first figure of capacity planning.
_PLANNED = "allocated draw: 45 % of nameplate"

SERVERS: tuple[DeviceType, ...] = (
    DeviceType("Dell", "PowerEdge R640", "server", 1, 2, 750, 340, assumed=_PLANNED),
    DeviceType("Dell", "PowerEdge R650", "server", 1, 2, 800, 360, assumed=_PLANNED),
    DeviceType("Dell", "PowerEdge R650xs", "server", 1, 2, 800, 360, assumed=_PLANNED),
    DeviceType("Dell", "PowerEdge 1950", "server", 1, 2, 670, 300),
    DeviceType("HPE", "ProLiant DL380 Gen9", "server", 2, 2, 1400, 630, assumed=_PLANNED),
    DeviceType("HPE", "ProLiant DL360 Gen9", "server", 1, 2, 1400, 630, assumed=_PLANNED),
    DeviceType("HPE", "ProLiant DL380p Gen8", "server", 2, 2, 700, 315, assumed=_PLANNED),
    DeviceType("HPE", "ProLiant DL320e Gen8", "server", 1, 2, 350, 160, assumed=_PLANNED),
)
SINGLE_CORD_SERVERS: tuple[DeviceType, ...] = (
    DeviceType("Supermicro", "IoT SuperServer SYS-510D-8C-FN6P", "server", 1, 1, 200, 90, 4.54, assumed=_PLANNED),
    DeviceType("Supermicro", "SuperServer 5018D-MTF", "server", 1, 1, 350, 160, 13.8, assumed=_PLANNED),
    DeviceType("IBM", "System x3550", "server", 1, 1, 670, 300, assumed=_PLANNED),
)
FOUR_CORD_SERVERS: tuple[DeviceType, ...] = (
    DeviceType("Dell", "PowerEdge R940", "server", 3, 4, 1100, 990, assumed="the library gives cords and height; 1,100 W supplies assumed"),
)
GPU_SERVER = DeviceType(
    "Synthetic",
    "8-GPU liquid-cooled server",
    "gpu",
    8,
    4,
    5100,
    8200,
    130,
    assumed="no such type in the library; 10.2 kW is usual for eight 700 W GPUs",
)
STORAGE = DeviceType("NetApp", "FAS2750", "storage", 2, 2, 900, 420, assumed="the library gives cords and height; draws assumed")
TOR_SWITCHES: tuple[DeviceType, ...] = (
    DeviceType("Arista", "DCS-7050TX-48", "switch", 1, 2, 500, 305),
    DeviceType("Arista", "DCS-7050QX-32S", "switch", 1, 2, 500, 192),
    DeviceType("Juniper", "QFX5100-48S-6q", "switch", 1, 2, 650, 290, assumed=_PLANNED),
)
SPINE_SWITCH = DeviceType("Arista", "DCS-7060PX4-32", "switch", 1, 2, 1600, 342)
