"""Exposed communication of a training step: what its data-parallel collectives leave beside the compute."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.rack.network.collectives.times import Machine, time_s


@dataclass(frozen=True, slots=True)
class Parallel:
    """How a model is spread: `shards` accelerators hold one copy (tensor x pipeline x expert), the rest are copies.

    `gradient_byte` and `weight_byte` are per parameter, as they travel. `overlap_share` is what hides behind compute.
    """

    shards: int
    gradient_byte: float = 4.0
    weight_byte: float = 2.0
    overlap_share: float = 0.0


def exposed(
    parallel: Parallel, parameters: float, machine: Machine, *, efficiency: float, start_s: float = 0.0
) -> tuple[float, float]:
    """Seconds of a step's reduce-scatter of gradients and all-gather of weights: all, and what stays exposed.

    Every shard's copies talk among themselves: with `shards` filling whole domains, a group has one accelerator in each
    copy, and all groups of a domain share its adapters evenly, so a group has one adapter's rate. Limits: tensor,
    pipeline and expert traffic need layers and widths, and are not in it; groups smaller than a domain are refused.

    Raises
    ------
    ValueError
        For shards that do not fill whole domains, or fewer than two copies.

    >>> cluster = Machine(128, 72, 900e9, 100e9)
    >>> total_s, open_s = exposed(Parallel(shards=72, overlap_share=0.5), 1e12, cluster, efficiency=0.8)
    >>> round(total_s, 2), open_s == total_s / 2  # 6 bytes x 1e12 / 72 x 127/128 / 80 GB/s
    (1.04, True)
    """
    if parallel.shards % machine.per_domain:
        raise ValueError(f"{parallel.shards} shards do not fill domains of {machine.per_domain} accelerators")
    copies = machine.ranks // parallel.shards
    if copies < 2:
        raise ValueError(f"{machine.ranks} accelerators hold {copies} copies of {parallel.shards} shards: two at least")
    group = Machine(copies, 1, machine.up_byte_s, machine.out_byte_s, machine.out_path_s, machine.worst_share)
    own = parameters / parallel.shards
    sizes = (("reduce-scatter", own * parallel.gradient_byte), ("all-gather", own * parallel.weight_byte))
    total_s = sum(
        time_s(collective, "ring", group, size, efficiency=efficiency, start_s=start_s) for collective, size in sizes
    )
    return total_s, total_s * (1.0 - parallel.overlap_share)
