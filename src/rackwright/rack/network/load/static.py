"""Load under static source routes: each sender has listed the links of its packets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from rackwright.rack.network.load.links import LinkLoad
from rackwright.rack.network.load.routed import dead_links
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring


def static_load(
    wiring: Wiring,
    source: ArrayLike,
    bit_s: ArrayLike,
    routes: ArrayLike,
    *,
    failed_links: Iterable[int] = (),
    failed_switches: Iterable[int] = (),
) -> LinkLoad:
    """Load of each link when every flow follows its own list of links; what meets a dead link is lost there.

    Routers do not choose, so nothing changes on a failure until the sender takes other routes.

    Parameters
    ----------
    source : (flows,) ints
        Endpoint that sends.
    bit_s : (flows,) floats
        Rate of each flow. [bit/s]
    routes : (flows, hops) ints
        Ids of the links one after the other; -1 after the last.

    Raises
    ------
    FabricProblem
        When a route's next link does not begin where the last one ended.

    Examples
    --------
    >>> from rackwright.rack.network.topology.clos import clos_wiring
    >>> fabric = clos_wiring(racks=1, per_rack=4, ports=8, link_bit_s=1.0)
    >>> static_load(fabric, [0], [0.5], [[0, 3]]).down_bit_s.tolist()
    [0.0, 0.0, 0.0, 0.5]
    """
    at, rate = np.asarray(source, dtype=np.int64).copy(), np.asarray(bit_s, dtype=np.float64)
    dead = dead_links(wiring, failed_links, failed_switches)
    up, down, moving = np.zeros(wiring.links), np.zeros(wiring.links), np.ones(len(at), dtype=bool)
    lost = 0.0
    for hop, links in enumerate(np.asarray(routes, dtype=np.int64).T):
        flows = np.flatnonzero(moving & (links >= 0))
        link, here = links[flows], at[flows]
        rises, falls = wiring.lower[link] == here, wiring.upper[link] == here
        astray = np.flatnonzero(~rises & ~falls)
        if len(astray):
            raise FabricProblem(_astray(wiring, int(flows[astray[0]]), hop, int(link[astray[0]]), int(here[astray[0]])))
        at[flows] = np.where(rises, wiring.upper[link], wiring.lower[link])
        gone = dead[link]
        lost += float(rate[flows[gone]].sum())
        moving[flows[gone]] = False
        for load, way in ((up, rises & ~gone), (down, falls & ~gone)):
            np.add.at(load, link[way], rate[flows[way]])
    return LinkLoad(wiring.link_bit_s, up, down, float(rate.sum()), lost, 0.0)


def _astray(wiring: Wiring, flow: int, hop: int, link: int, here: int) -> str:
    node, low, high = wiring.labels([here, int(wiring.lower[link]), int(wiring.upper[link])])
    return f"route {flow} is at {node} when its link {hop + 1} (id {link}) joins {low} and {high}: a link of {node} would do"
