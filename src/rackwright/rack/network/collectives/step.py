"""What a training step sends: tensor, expert, pipeline and data-parallel traffic, placed on scale-up domains and the fabric.

Places of a copy are numbered tensor first, then expert, then pipeline, then the copies; each domain takes the next places.
So neighbours in a tensor group share a domain, and the members of a data-parallel group are a whole copy apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rackwright.rack.network.collectives.times import (
    OUT_STEP_S,
    START_S,
    UP_STEP_S,
    Machine,
    time_s,
)

#: Collectives that each traffic is made of; a send is from a stage to the next.
SEND = "send"


@dataclass(frozen=True, slots=True)
class Spread:
    """How a model and a step's tokens are spread; absent sizes are 0.

    `batch` are the tokens of a step, `micro` those that a tensor group takes at once, `chosen` the experts of a token.
    Overlaps are shares of the time that hide behind compute.
    """

    tensor: int = 1
    expert: int = 1
    pipeline: int = 1
    layers: int = 0
    width: int = 0
    batch: float = 0.0
    micro: float = 0.0
    chosen: int = 1
    #: Stages that one accelerator holds by turns (interleaved schedule).
    turns: int = 1
    activation_byte: float = 2.0
    gradient_byte: float = 4.0
    weight_byte: float = 2.0
    data_overlap: float = 0.0
    tensor_overlap: float = 0.0
    expert_overlap: float = 0.0
    pipeline_overlap: float = 0.0

    @property
    def shards(self) -> int:
        """Accelerators that hold one copy."""
        return self.tensor * self.expert * self.pipeline


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of traffic of a step: `times` collectives of `size_byte` in groups of `ways`, members `stride` places apart."""

    what: str
    collective: str
    ways: int
    stride: int
    size_byte: float
    times: float
    overlap_share: float


def uses(spread: Spread, parameters: float, ranks: int) -> tuple[Use, ...]:
    """The traffic of a step.

    Tensor: two all-reduces of a layer's activations forward and two back (Shoeybi et al., Megatron-LM, 2019). Expert: a
    token's activations to its experts and back, forward and backward, by all-to-all; tensor ranks share them. Pipeline: a
    micro-batch's activations to the next stage and gradients back, each tensor rank its part. Data: reduce-scatter
    of gradients and all-gather of weights over the copies; every parameter counts as one of the shards'.

    Raises
    ------
    ValueError
        Where a size that the spread needs is missing, or the accelerators hold no whole copy; says what would do.
    """
    copies = ranks // spread.shards
    if not copies:
        raise ValueError(f"{ranks:,} accelerators do not hold a copy of {spread.shards:,} shards: {ranks:,} would do")
    found: list[Use] = []
    if spread.shards > 1 and max(spread.tensor, spread.pipeline, spread.expert) > 1:
        found += _within_copy(spread, copies)
    if copies > 1:
        own = parameters / spread.shards
        for collective, each in (("reduce-scatter", spread.gradient_byte), ("all-gather", spread.weight_byte)):
            found.append(Use("data", collective, copies, spread.shards, own * each, 1.0, spread.data_overlap))
    return tuple(found)


def _within_copy(spread: Spread, copies: int) -> list[Use]:
    needed = {"layers": spread.layers, "width": spread.width, "batch": spread.batch, "micro_batch": spread.micro}
    missing = [name for name, value in needed.items() if not value > 0]
    if missing:
        raise ValueError(f"tensor, expert and pipeline traffic needs {', '.join(missing)}")
    tokens = spread.batch / (copies * spread.expert)
    if tokens < spread.micro:
        raise ValueError(f"{tokens:g} tokens of a step for each tensor group are no micro-batch of {spread.micro:g}")
    turns = tokens / spread.micro
    held = spread.layers / spread.pipeline
    size_byte = spread.micro * spread.width * spread.activation_byte
    found = []
    if spread.tensor > 1:
        times = 4.0 * held * turns
        found.append(Use("tensor", "all-reduce", spread.tensor, 1, size_byte, times, spread.tensor_overlap))
    if spread.expert > 1:
        sent = size_byte * spread.chosen / spread.tensor
        times = 4.0 * held * turns
        found.append(Use("expert", "all-to-all", spread.expert, spread.tensor, sent, times, spread.expert_overlap))
    if spread.pipeline > 1:
        stride, part = spread.tensor * spread.expert, size_byte / spread.tensor
        times = 2.0 * turns * spread.turns
        found.append(Use("pipeline", SEND, spread.pipeline, stride, part, times, spread.pipeline_overlap))
    return found


def group_machine(use: Use, cluster: Machine) -> Machine:
    """The domains and adapters that one group of a use meets; all groups of a domain share its adapters evenly.

    Raises
    ------
    ValueError
        Where groups and domains do not divide each other.

    >>> cluster = Machine(16, 72, 900e9, 100e9)
    >>> group_machine(Use("expert", "all-to-all", 36, 8, 1.0, 1.0, 0.0), cluster)  # nine of 36 in each of four domains
    Machine(domains=4, per_domain=9, up_byte_s=900000000000.0, out_byte_s=100000000000.0, out_path_s=0.0, worst_share=1.0)
    """
    inside, whole = cluster.per_domain, use.ways * use.stride
    if whole <= inside and inside % whole == 0:
        return replace(cluster, domains=1, per_domain=use.ways)
    if use.stride % inside == 0:
        return replace(cluster, domains=use.ways, per_domain=1)
    if inside % use.stride == 0 and whole % inside == 0:
        return replace(cluster, domains=whole // inside, per_domain=inside // use.stride)
    raise ValueError(
        f"{use.what} groups of {use.ways}, {use.stride} places apart, do not fit domains of {inside} accelerators: "
        f"groups that fill {math.gcd(whole, inside)} places, or whole domains, would do"
    )


def use_s(use: Use, machine: Machine, *, efficiency: float, start_s: float = 0.0) -> float:
    """Time of all of a step's collectives of one use, one after the other, on the machine of its group. [s]"""
    if use.collective == SEND:
        return use.times * _send_s(use, machine, efficiency)
    algorithm = "direct" if use.collective == "all-to-all" else "ring"
    one_s = time_s(use.collective, algorithm, machine, use.size_byte, efficiency=efficiency, start_s=start_s)
    return use.times * one_s


def _send_s(use: Use, machine: Machine, efficiency: float) -> float:
    """A send to the next stage; of a group that spans domains the slowest, which crosses."""
    if machine.domains == 1:
        return START_S["direct"] + UP_STEP_S["direct"] + use.size_byte / machine.up_byte_s / efficiency
    bytes_s = use.size_byte / machine.out_byte_s * max(machine.worst_share, 1.0) / efficiency
    return START_S["direct"] + OUT_STEP_S["direct"] + machine.out_path_s + bytes_s
