"""What the models must run: training runs and serving loads."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field as Named
from pydantic import model_validator

from rackwright.program import fields as f

Precision = Literal["bf16", "fp8", "fp4"]
Commitment = Literal["contract", "forecast"]


class TrainingModel(f.Section):
    """A model to be trained: 6 x active parameters x tokens, or `flop` given. Dense models leave `active` out."""

    parameters: f.Number | None = None
    active: f.Number | None = None
    tokens: f.Number | None = None
    sequence: f.Number | None = None
    precision: Precision = "fp8"
    flop: f.Operations | None = Named(default=None, alias="flop")


class TrainingSpread(f.Section):
    """How a model is spread over accelerators; with it the collectives of a step are timed."""

    #: Accelerators that hold one copy of the model: tensor times pipeline times expert ways.
    shards: f.OneOrMore
    #: Bytes of a parameter's gradient and of its weight as they travel.
    gradient_byte: f.Bytes = 4.0
    weight_byte: f.Bytes = 2.0
    #: Part of their time that hides behind compute.
    overlap_share: f.Share = Named(default=0.0, alias="overlap")
    #: Ways of each, whose product is `shards`; absent: one way each, and only the copies' traffic is timed.
    tensor: f.OneOrMore | None = None
    expert: f.OneOrMore | None = None
    pipeline: f.OneOrMore | None = None
    #: What their traffic needs of the model: layers, width of an activation, bytes of one of its numbers, experts of a token.
    layers: f.OneOrMore | None = None
    width: f.OneOrMore | None = None
    activation_byte: f.Bytes = 2.0
    experts_per_token: f.OneOrMore = Named(default=1, alias="experts_per_token")
    #: Tokens of a step, and those that a tensor group takes at once; stages that an accelerator holds by turns.
    batch: f.Number | None = None
    micro_batch: f.Number | None = Named(default=None, alias="micro_batch")
    interleave: f.OneOrMore = 1
    #: Part of each one's time that hides behind compute.
    tensor_overlap_share: f.Share = Named(default=0.0, alias="tensor_overlap")
    expert_overlap_share: f.Share = Named(default=0.0, alias="expert_overlap")
    pipeline_overlap_share: f.Share = Named(default=0.0, alias="pipeline_overlap")

    @property
    def ways(self) -> tuple[int, int, int]:
        """Tensor, expert and pipeline ways."""
        return self.tensor or 1, self.expert or 1, self.pipeline or 1

    @model_validator(mode="after")
    def _product(self) -> TrainingSpread:
        if (self.tensor, self.expert, self.pipeline) != (None, None, None) and math.prod(self.ways) != self.shards:
            raise f.refuse(
                f"{self.shards} shards, and {' x '.join(map(str, self.ways))} ways (tensor, expert, pipeline)",
                f"ways whose product is shards: {math.prod(self.ways)} shards would do",
            )
        return self


class TrainingStep(f.Section):
    """The beat of a run: an optimiser step, the part of it that its collectives leave exposed, and checkpoints."""

    time_s: f.Duration
    exposed_share: f.Share
    #: A pause of `checkpoint_s` after every `checkpoint_every_s`.
    checkpoint_every_s: f.Duration
    checkpoint_s: f.Duration
    spread: TrainingSpread | None = None


class TrainingRun(f.Section):
    """One run between two weeks, both included. `mfu_share` overrides the roadmap's."""

    model: TrainingModel
    window: Annotated[tuple[f.Week, f.Week], Named()]
    mfu_share: f.PositiveShare | None = None
    commitment: Commitment = "contract"
    generations: tuple[str, ...] | None = None
    step: TrainingStep


class ServingModel(f.Section):
    """A model to be served. `cache_per_token_byte` is the key-value cache of one token of context."""

    parameters: f.Number
    active: f.Number
    context: f.Number
    precision: Precision = "fp4"
    cache_per_token_byte: f.Bytes


class Latency(f.Section):
    """What a user waits: to the first token, and between tokens."""

    first_token_s: f.Duration = Named(alias="first_token")
    per_token_s: f.Duration = Named(alias="per_token")


class ServingLoad(f.Section):
    """Output tokens a day, served within a latency. `throughput` by generation overrides the roofline."""

    model: ServingModel
    tokens_per_day: f.WeeklyTokens = Named(alias="tokens_per_day")
    latency: Latency
    #: Input tokens per output token that must be computed (cache hits left out).
    input_per_output: f.Ratio
    #: Peak over mean of the load within a day.
    peak_over_mean: f.Ratio
    throughput: dict[str, f.TokenRate] = {}
    commitment: Commitment = "contract"
    generations: tuple[str, ...] | None = None


class Serving(f.Section):
    """How much of its peaks a rack reaches while it serves."""

    bandwidth_share: f.PositiveShare
    compute_share: f.PositiveShare
    #: Share of the memory for weights and caches; the rest is work space.
    memory_share: f.PositiveShare


class Roadmap(f.Section):
    """The model roadmap."""

    owner: str = ""
    #: Share of the time in which a training run makes progress: failures, restarts and maintenance are the rest.
    effective_time_share: f.PositiveShare
    #: Model FLOP over peak FLOP while a run makes progress.
    mfu_share: f.PositiveShare
    efficiency: Serving
    training: dict[str, TrainingRun] = {}
    serving: dict[str, ServingLoad] = {}
