"""Alpha-beta times of collectives: what each accelerator's two ports carry, in how many steps.

Sizes are those of nccl-tests: of an all-reduce and a broadcast the buffer, of an all-gather what comes out on each rank,
of a reduce-scatter what goes in, of an all-to-all what one rank sends in all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Collectives, and what bus bandwidth is over size / time (nccl-tests' definitions), for n ranks.
COLLECTIVES = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "broadcast")
ALGORITHMS = ("ring", "double tree", "hierarchical", "in-network", "direct")

#: Bandwidth of a double tree over that of a ring: NCCL's own factor (src/graph/tuning.cc, 2026-06-11).
TREE_SHARE = 0.92
#: NCCL's own start and step times of large messages (protocol Simple), same file. [s]
START_S = {"ring": 8.4e-6, "double tree": 8.4e-6, "hierarchical": 8.4e-6, "in-network": 0.0, "direct": 8.4e-6}
UP_STEP_S = {"ring": 3.4e-6, "double tree": 4.0e-6, "hierarchical": 3.4e-6, "in-network": 12.5e-6, "direct": 3.4e-6}
OUT_STEP_S = {"ring": 14e-6, "double tree": 14e-6, "hierarchical": 14e-6, "in-network": 9e-6, "direct": 14e-6}


@dataclass(frozen=True, slots=True)
class Machine:
    """`domains` scale-up domains of `per_domain` accelerators; rates are of one accelerator, one way, at the line. [B/s]

    `out_path_s` is what a step across the fabric takes beyond the library's own constant: hops, FEC, metres.
    `worst_share` is the load of the fabric's most loaded link over that of an even fabric (1: nothing is slower).
    """

    domains: int
    per_domain: int
    up_byte_s: float
    out_byte_s: float = math.inf
    out_path_s: float = 0.0
    worst_share: float = 1.0

    @property
    def ranks(self) -> int:
        """Accelerators in all."""
        return self.domains * self.per_domain


@dataclass(frozen=True, slots=True)
class Wire:
    """What one algorithm does with a machine: bytes through each port for a byte of size, and steps one after the other."""

    up_share: float
    out_share: float
    up_steps: float
    out_steps: float
    #: The two ports work at the same time, chunk by chunk; else one after the other.
    together: bool


def busbw_factor(collective: str, ranks: int) -> float:
    """Bus bandwidth over size / time.

    >>> round(busbw_factor("all-reduce", 64), 4), busbw_factor("broadcast", 64)
    (1.9688, 1.0)
    """
    if collective == "all-reduce":
        return 2 * (ranks - 1) / ranks
    return 1.0 if collective == "broadcast" else (ranks - 1) / ranks


def algorithms_of(collective: str, machine: Machine) -> tuple[str, ...]:
    """Algorithms that a library has for a collective on this machine.

    >>> algorithms_of("all-to-all", Machine(1, 8, 450e9))
    ('direct',)
    """
    if collective == "all-to-all":
        return ("direct",)
    two = ("hierarchical",) if machine.domains > 1 and machine.per_domain > 1 else ()
    if collective == "all-reduce":
        return ("ring", "double tree", *two, "in-network")
    if collective == "broadcast":
        return ("ring", "double tree")
    return ("ring", *two)


def wire_of(collective: str, algorithm: str, machine: Machine) -> Wire:
    """Volumes and steps of an algorithm, from its definition.

    A ring passes 2 (n - 1) / n of an all-reduce through every accelerator; a domain's crossing is spread over the
    adapters of all its accelerators. In the network each accelerator sends its whole buffer and one n-th of the sum
    once (multicast), and the fabric sees one n_d-th of it. All-to-all sends straight, all messages
    posted at once: one step; what a message costs beside its bytes is not in it.

    Raises
    ------
    ValueError
        For an algorithm that the collective does not have here.

    >>> wire_of("all-reduce", "in-network", Machine(1, 8, 450e9)).up_share
    1.125
    """
    if algorithm not in algorithms_of(collective, machine):
        raise ValueError(
            f"{collective} by {algorithm}: expected one of {', '.join(algorithms_of(collective, machine))}"
        )
    n, m, d = machine.ranks, machine.domains, machine.per_domain
    if n < 2:
        return Wire(0.0, 0.0, 0, 0, True)
    across = 1.0 if m > 1 else 0.0
    if algorithm == "direct":
        return Wire((d - 1) / n, (n - d) / n, 1 if d > 1 else 0, across, True)
    if algorithm == "in-network":
        return Wire((d + 1) / d if d > 1 else 0.0, across / d, 2, 2 * across, True)
    rounds = 2 if collective == "all-reduce" else 1
    whole = 1.0 if collective == "broadcast" else (n - 1) / n
    if algorithm == "hierarchical":
        return Wire(rounds * (d - 1) / d, rounds * (m - 1) / m / d, rounds * (d - 1), rounds * (m - 1), False)
    if algorithm == "double tree":
        share = rounds * whole / TREE_SHARE
        return Wire(share, across * share / d, rounds * (d - 1), rounds * math.log2(m), True)
    return Wire(
        rounds * whole * (1.0 if d > 1 else 0.0), across * rounds * whole / d, rounds * (n - m), rounds * (m - 1), True
    )


def time_s(
    collective: str,
    algorithm: str,
    machine: Machine,
    size_byte: float,
    *,
    efficiency: float = 1.0,
    start_s: float = 0.0,
) -> float:
    """Time of a collective: start, steps, and bytes at `efficiency` of the line rates. [s]

    `start_s` comes on top of NCCL's own constants. Limits: one job alone on its links; no protocol switch (these are
    the constants for large messages, from about 64 MiB on); no straggler.

    >>> round(time_s("all-reduce", "ring", Machine(1, 8, 450e9), 2**34, efficiency=0.8) * 1e3, 1)  # 2 x 7/8 x 16 GiB / 360 GB/s
    83.6
    """
    wire = wire_of(collective, algorithm, machine)
    latency_s = (
        START_S[algorithm]
        + wire.up_steps * UP_STEP_S[algorithm]
        + wire.out_steps * (OUT_STEP_S[algorithm] + machine.out_path_s)
    )
    return start_s + latency_s + wire_s(wire, machine, size_byte) / efficiency


def wire_s(wire: Wire, machine: Machine, size_byte: float) -> float:
    """Time of the bytes alone, at the line rates. [s]"""
    up_s = wire.up_share * size_byte / machine.up_byte_s
    out_s = wire.out_share * size_byte / machine.out_byte_s * max(machine.worst_share, 1.0)
    return max(up_s, out_s) if wire.together else up_s + out_s
