"""Services on the servers: k-of-n replicas across a tenant's racks, some depending on others."""

from __future__ import annotations

from math import ceil
from random import Random

from ontology.namespaces import DCX
from twin.demo.plan import SitePlan
from twin.demo.writer import FEEDS_COMPUTE, QuadWriter, name

REPLICAS = (3, 3, 4, 5, 6, 8, 12)
NEEDED_SHARE = 0.6
"""Share of its replicas that a service needs, rounded up: 2 of 3, 3 of 4, 3 of 5, 4 of 6, 5 of 8, 8 of 12."""
DEPENDENT_SHARE = 0.3
_KINDS = ("web", "api", "db", "cache", "queue", "search", "batch", "auth", "render", "train")


def write_services(w: QuadWriter, plan: SitePlan) -> None:
    """Every server runs one replica of one service of its rack's tenant; a service depends at most on services made before it."""
    random = Random(plan.seed * 7919 + 1)
    servers: dict[int, list[str]] = {}
    for rack in plan.racks:
        mine = servers.setdefault(rack.tenant, [])
        mine.extend(device.local for device in rack.devices if device.type.kind in ("server", "gpu"))
    number = 0
    for tenant in sorted(servers):
        pool = servers[tenant]
        random.shuffle(pool)
        earlier: list[str] = []
        while pool:
            number += 1
            count = min(random.choice(REPLICAS), len(pool))
            replicas, pool = pool[:count], pool[count:]
            earlier.append(_service(w, (number, tenant), replicas, earlier, random))


def _service(w: QuadWriter, which: tuple[int, int], replicas: list[str], earlier: list[str], random: Random) -> str:
    number, tenant = which
    kind = _KINDS[number % len(_KINDS)]
    service = w.thing(f"Service-{number:04d}", DCX + "Service", f"{kind} service {number} of tenant {tenant + 1:02d}")
    w.add(service, DCX + "hasTenant", name(f"Tenant-{tenant + 1:02d}"))
    suppliers = [name(replica) for replica in sorted(replicas)]
    for supplier in suppliers:
        w.add(supplier, FEEDS_COMPUTE, service)
    needed = ceil(len(suppliers) * NEEDED_SHARE)
    if earlier and random.random() < DEPENDENT_SHARE:
        needs = sorted(random.sample(earlier, min(len(earlier), random.randint(1, 2))))
        for other in needs:
            w.add(other, FEEDS_COMPUTE, service)
        w.requires(service, "Compute", needed, suppliers)
        w.requires(service, "Compute", None, needs)
    else:
        w.requires(service, "Compute", needed)
    return service
