"""Whether the sample racks hold what the design promises.

Each judged channel of each sample rack is compared with its limit at a one-sided confidence: accepted when the mean and
its uncertainty lie inside, rejected when they lie outside, pending between (guard bands as in JCGM 106). A reading's
scatter beyond its stated uncertainty widens it, so a noisy sensor makes a verdict pending, not false.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

from rackwright.errors import Problem, ProgramError
from rackwright.program.calendar import Calendar
from rackwright.program.fields import Wrong
from rackwright.program.measurements import CHANNELS, Reading, read_measurements
from rackwright.program.sections.evaluation import Evaluation
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import Column, Finding, Headline, StageResult, TableSpec, Trace, finding, not_modelled

CHANNEL_TABLE = TableSpec(
    "evaluation.channels",
    "each judged channel of each sample rack against its limit, in the channel's SI unit",
    (
        Column("generation", "of rack", type="text"),
        Column("rack", "sample rack", type="text"),
        Column("channel", "what was read", type="text"),
        Column("unit", "of the numbers in this row", type="text"),
        Column("readings", "how many", type="count"),
        Column("value", "mean of the readings"),
        Column("uncertainty", "standard uncertainty, scatter included"),
        Column("limit", "of the design"),
        Column("side", "at most or at least", type="text"),
        Column("verdict", "accepted, pending, rejected", type="text"),
    ),
)
RACKS = TableSpec(
    "evaluation.racks",
    "the verdict of each sample rack and the channels that decide it",
    (
        Column("generation", "of rack", type="text"),
        Column("rack", "sample rack", type="text"),
        Column("verdict", "accepted, pending, rejected", type="text"),
        Column("because", "channels that are not accepted", type="text"),
    ),
)
VERDICTS = TableSpec(
    "evaluation.verdicts",
    "the verdict of each generation and what it opens",
    (
        Column("generation", "of rack", type="text"),
        Column("sample_racks", "declared", type="count"),
        Column("accepted", "racks", type="count"),
        Column("pending", "racks, those without readings too", type="count"),
        Column("rejected", "racks", type="count"),
        Column("verdict", "accepted, pending, rejected", type="text"),
        Column("gate", "first week in which racks may be built; empty when closed", type="week"),
    ),
)
TABLES: tuple[TableSpec, ...] = (VERDICTS, RACKS, CHANNEL_TABLE)
VERDICT = "accepted, pending, rejected: from the sample racks' readings against the design's limits with guard bands"
HEADLINES: tuple[tuple[str, str, str], ...] = (("evaluation.<generation>.verdict", "", VERDICT),)
#: The peak that the throughput channel is read against.
THROUGHPUT_PRECISION = "fp8"


@dataclass(frozen=True, slots=True)
class Verdicts(StageResult):
    """Verdict and gate by generation; a generation without evaluation opens with its volume."""

    verdict: dict[str, str] = field(default_factory=dict)
    gate_week: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the design on one channel, and the path or headline that it comes from."""

    channel: str
    value: float
    at_most: bool
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One channel of one rack."""

    rack: str
    limit: Limit
    readings: int
    value: float
    uncertainty: float
    verdict: str


def guard_factor(confidence_share: float) -> float:
    """One-sided normal quantile: how many standard uncertainties the guard band is wide.

    >>> round(guard_factor(0.95), 3)
    1.645
    """
    return NormalDist().inv_cdf(min(max(confidence_share, 0.5), 1.0 - 1e-9))


def judge_channel(value: float, uncertainty: float, limit: float, at_most: bool, factor: float) -> str:
    """Accepted inside the guarded limit, rejected outside it, pending between.

    >>> judge_channel(98.0, 1.0, 100.0, True, 1.645), judge_channel(99.0, 1.0, 100.0, True, 1.645)
    ('accepted', 'pending')
    """
    room = limit - value if at_most else value - limit
    band = factor * uncertainty
    if room >= band:
        return "accepted"
    return "rejected" if room < -band else "pending"


def mean_and_uncertainty(readings: Sequence[Reading]) -> tuple[float, float]:
    """Mean of the readings, and the larger of their stated uncertainty (root mean square) and their scatter.

    Stated uncertainties are taken as common to all readings of a sensor: averaging does not lessen them.
    """
    mean = sum(item.value for item in readings) / len(readings)
    stated = sum(item.uncertainty**2 for item in readings) / len(readings)
    scatter = sum((item.value - mean) ** 2 for item in readings) / max(len(readings) - 1, 1)
    return mean, math.sqrt(max(stated, scatter))


def judge_samples(
    evaluation: dict[str, Evaluation],
    racks: dict[str, Rack],
    designs: RackDesigns,
    catalogue: Catalogue,
    calendar: Calendar,
    *,
    progress: Progress = SILENT,
) -> Verdicts:
    """Judge every generation that has an evaluation.

    Raises
    ------
    ProgramError
        When a measurement file cannot be read; names row and column.
    """
    channel_rows: list[tuple[object, ...]] = []
    rack_rows: list[tuple[object, ...]] = []
    verdict_rows: list[tuple[object, ...]] = []
    verdict: dict[str, str] = {}
    findings: list[Finding] = []
    traces: list[Trace] = []
    headlines: list[Headline] = []
    gate_week = {key: rack.volume_from_week for key, rack in racks.items()}
    for key, item in evaluation.items():
        limits = tuple(_limits(key, item, racks[key], designs, catalogue))
        judged = _judge(item, _readings(key, item), limits)
        by_rack = {name: _worst([one.verdict for one in ones], limits, ones) for name, ones in judged.items()}
        verdict[key] = generation_verdict(list(by_rack.values()), item.sample_racks, item.accepted_share)
        gate_week[key] = gate(verdict[key], item, racks[key], calendar.weeks)
        channel_rows += [_channel_row(key, one) for ones in judged.values() for one in ones]
        rack_rows += [(key, name, by_rack[name], _because(ones, limits)) for name, ones in judged.items()]
        verdict_rows.append(_verdict_row(key, item, by_rack, verdict[key], gate_week[key], calendar))
        findings += _findings(key, judged)
        headlines.append(
            Headline(f"evaluation.{key}.verdict", verdict[key], "", VERDICT, (f"evaluation.{key}.judged",))
        )
        inputs = (f"evaluation.{key}.*", *(limit.source for limit in limits))
        formula = (
            "each channel: mean -/+ quantile x uncertainty against the limit; racks accepted against the share asked"
        )
        traces.append(Trace(f"evaluation.{key}.judged", verdict[key], "", formula, inputs))
    return Verdicts(
        tables=(VERDICTS.table(verdict_rows), RACKS.table(rack_rows), CHANNEL_TABLE.table(channel_rows)),
        findings=tuple(findings),
        headlines=tuple(headlines),
        traces=tuple(traces),
        verdict=verdict,
        gate_week=gate_week,
    )


def _readings(generation: str, item: Evaluation) -> list[Reading]:
    if item.measured is None:
        return []
    try:
        return read_measurements(Path(item.measured))
    except Wrong as wrong:
        raise ProgramError(
            [Problem(item.measured, 0, f"evaluation.{generation}.measured", wrong.found, wrong.expected)]
        ) from None


def _limits(key: str, item: Evaluation, rack: Rack, designs: RackDesigns, catalogue: Catalogue) -> Iterator[Limit]:
    yield Limit("power", designs.of(key).power_w, True, f"rack.{key}.power_w")
    yield Limit("return", rack.cooling.return_limit_k, True, f"rack.{key}.cooling.return_limit")
    cases = {
        part: limit
        for tray in rack.trays.values()
        for part in tray.parts
        if part in catalogue.chips and (limit := catalogue.chips[part].case_limit_k) is not None
    }
    if cases:
        least = min(cases, key=lambda part: cases[part])
        yield Limit("case", cases[least], True, f"catalogue.chips.{least}.case_limit")
    peaks = dict(rack.declared.peak)
    precision = THROUGHPUT_PRECISION if THROUGHPUT_PRECISION in peaks else next(iter(peaks))
    yield Limit("throughput", peaks[precision] * item.throughput_share, False, f"rack.{key}.declared.peak.{precision}")


def _judge(item: Evaluation, readings: Sequence[Reading], limits: Sequence[Limit]) -> dict[str, list[Judged]]:
    factor = guard_factor(item.confidence_share)
    judged: dict[str, list[Judged]] = {}
    for name in sorted({reading.rack for reading in readings}):
        judged[name] = []
        for limit in limits:
            own = [reading for reading in readings if reading.rack == name and reading.channel == limit.channel]
            if own:
                mean, uncertainty = mean_and_uncertainty(own)
                verdict = judge_channel(mean, uncertainty, limit.value, limit.at_most, factor)
                judged[name].append(Judged(name, limit, len(own), mean, uncertainty, verdict))
    return judged


def _worst(verdicts: Sequence[str], limits: Sequence[Limit], ones: Sequence[Judged]) -> str:
    if "rejected" in verdicts:
        return "rejected"
    return "pending" if "pending" in verdicts or len(ones) < len(limits) else "accepted"


def generation_verdict(racks: Sequence[str], declared: int, accepted_share: float) -> str:
    """Accepted when enough of the declared racks are; rejected when enough no longer can be; pending between.

    >>> generation_verdict(["accepted"] * 7 + ["rejected"], 8, 0.85)
    'accepted'
    >>> generation_verdict(["accepted"] * 6 + ["rejected"] * 2, 8, 0.85)
    'rejected'
    """
    total = max(declared, len(racks))
    needed = math.ceil(accepted_share * total - 1e-9)
    if racks.count("accepted") >= needed:
        return "accepted"
    return "rejected" if total - racks.count("rejected") < needed else "pending"


def gate(verdict: str, item: Evaluation, rack: Rack, weeks: int) -> int:
    """First week in which racks may be built.

    Accepted opens with the volume; pending is assumed to pass in the week after its date; rejected closes the
    generation until the week after its re-test, or for good when none is declared.
    """
    if verdict == "accepted":
        return rack.volume_from_week
    if verdict == "pending":
        return max(rack.volume_from_week, item.until_week + 1)
    if item.retest_week is None:
        return weeks
    return max(rack.volume_from_week, item.retest_week + 1)


def _because(ones: Sequence[Judged], limits: Sequence[Limit]) -> str:
    told = [f"{one.limit.channel} {one.verdict}" for one in ones if one.verdict != "accepted"]
    missing = {limit.channel for limit in limits} - {one.limit.channel for one in ones}
    return ", ".join([*told, *(f"{channel} not read" for channel in sorted(missing))])


def _channel_row(key: str, one: Judged) -> tuple[object, ...]:
    unit = CHANNELS[one.limit.channel].unit
    side = "at most" if one.limit.at_most else "at least"
    return (
        key,
        one.rack,
        one.limit.channel,
        unit,
        one.readings,
        one.value,
        one.uncertainty,
        one.limit.value,
        side,
        one.verdict,
    )


def _verdict_row(
    key: str, item: Evaluation, by_rack: Mapping[str, str], verdict: str, week: int, calendar: Calendar
) -> tuple[object, ...]:
    counts = [list(by_rack.values()).count(word) for word in ("accepted", "pending", "rejected")]
    unread = max(0, item.sample_racks - len(by_rack))
    opens = calendar.text(week) if week < calendar.weeks else None
    return (key, item.sample_racks, counts[0], counts[1] + unread, counts[2], verdict, opens)


def _findings(key: str, judged: Mapping[str, Sequence[Judged]]) -> Iterator[Finding]:
    if not judged:
        yield not_modelled("evaluation.readings", key, "no readings of sample racks: the verdict is pending")
    for name, ones in judged.items():
        for one in ones:
            if one.verdict != "accepted":
                yield finding(
                    f"evaluation.{one.limit.channel}",
                    f"{key} {name}",
                    one.value,
                    one.limit.value,
                    CHANNELS[one.limit.channel].unit,
                    standing="user",
                    source=one.limit.source,
                    text=f"{one.verdict}: standard uncertainty {one.uncertainty:.3g}",
                    at_least=not one.limit.at_most,
                )
