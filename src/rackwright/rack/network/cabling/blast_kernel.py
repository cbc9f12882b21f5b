"""What nodes lose of what they hand upward, from the top down, in one pass over the links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel


@kernel
def lost_of_nodes(
    lower: NDArray[np.int32],
    upper: NDArray[np.int32],
    order: NDArray[np.int64],
    whole: NDArray[np.int64],
    dead_links: NDArray[np.bool_],
    dead_nodes: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Share that each node loses (nodes,): 1 when dead, else the mean over its uplinks of what their upper ends lose.

    `order` has the links that go up a tier, those of the highest tier first; `whole` how many of them begin at each node.
    """
    lost = np.zeros(len(whole), np.float64)
    for node in range(len(whole)):
        if dead_nodes[node]:
            lost[node] = 1.0
    for link in order:
        low, high = lower[link], upper[link]
        if dead_nodes[low]:
            continue
        if dead_links[link]:
            lost[low] += 1.0 / whole[low]
        elif lost[high] > 0.0:
            lost[low] += lost[high] / whole[low]
    return lost


@kernel
def survey_losses(
    lower: NDArray[np.int32],
    tier: NDArray[np.int8],
    endpoints: int,
    whole: NDArray[np.int64],
    below_start: NDArray[np.int64],
    below: NDArray[np.int64],
    link_start: NDArray[np.int64],
    links: NDArray[np.int64],
    node_start: NDArray[np.int64],
    nodes: NDArray[np.int64],
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each loss, the mean share that endpoints lose, and how many lose at least each share (any at all for 0).

    Loss i kills `links[link_start[i]:link_start[i + 1]]` (a link may come twice) and nodes likewise. Only what hangs below
    them is walked: `below[below_start[n]:below_start[n + 1]]` are the links that come up to node n.
    """
    many, count = len(link_start) - 1, len(whole)
    mean, reached = np.zeros(many), np.zeros((many, len(shares)), np.int64)
    lost, is_dead, is_touched = np.zeros(count), np.zeros(len(lower), np.bool_), np.zeros(count, np.bool_)
    gone, touched = np.zeros(count, np.bool_), np.empty(count, np.int64)
    top = tier.max()
    for one in range(many):
        found = 0
        for node in nodes[node_start[one] : node_start[one + 1]]:
            gone[node], lost[node], is_touched[node] = True, 1.0, True
            touched[found] = node
            found += 1
        for link in links[link_start[one] : link_start[one + 1]]:
            low = lower[link]
            if is_dead[link]:
                continue
            is_dead[link] = True
            if gone[low] or whole[low] == 0:
                continue
            lost[low] += 1.0 / whole[low]
            if not is_touched[low]:
                is_touched[low] = True
                touched[found] = low
                found += 1
        for level in range(top, 0, -1):
            at = 0
            while at < found:
                node = touched[at]
                at += 1
                if tier[node] != level:
                    continue
                for link in below[below_start[node] : below_start[node + 1]]:
                    low = lower[link]
                    if gone[low] or is_dead[link]:
                        continue
                    lost[low] += lost[node] / whole[low]
                    if not is_touched[low]:
                        is_touched[low] = True
                        touched[found] = low
                        found += 1
        total = 0.0
        for node in touched[:found]:
            if node < endpoints:
                total += lost[node]
                for place in range(len(shares)):
                    if (shares[place] <= 0.0 and lost[node] > 1e-12) or (
                        shares[place] > 0.0 and lost[node] >= shares[place] - 1e-12
                    ):
                        reached[one, place] += 1
            lost[node], gone[node], is_touched[node] = 0.0, False, False
        mean[one] = total / endpoints
        for link in links[link_start[one] : link_start[one + 1]]:
            is_dead[link] = False
    return mean, reached
