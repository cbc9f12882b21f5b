"""Random streams: the published numbers of Philox, moments of each law, and who moves whose stream."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rackwright.plant.floor.draws import sample_s, stream_key
from rackwright.plant.floor.events import play_events
from rackwright.plant.floor.line import (
    Breakdown,
    Line,
    Route,
    Source,
    Station,
    Step,
    Times,
    constant,
    empirical,
    erlang,
    exponential,
    gamma,
    lognormal,
    triangular,
)  # fmt: skip

#: Random123, tests/kat_vectors (D. E. Shaw Research), philox4x32 of 10 rounds: counter, key, answer.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_numbers(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]):
    from rackwright.plant.floor.draws_kernel import philox

    assert philox(*(np.uint64(k) for k in key), *(np.uint64(c) for c in counter)) == answer


LAWS = [
    (exponential(60.0), stats.expon(scale=60.0)),
    (gamma(60.0, 0.4), stats.gamma(a=6.25, scale=9.6)),
    (gamma(60.0, 2.0), stats.gamma(a=0.25, scale=240.0)),
    (erlang(60.0, 3), stats.gamma(a=3, scale=20.0)),
    (lognormal(60.0, 0.5), stats.lognorm(s=np.sqrt(np.log(1.25)), scale=60.0 / np.sqrt(1.25))),
    (triangular(10.0, 20.0, 60.0), stats.triang(c=0.2, loc=10.0, scale=50.0)),
]


@pytest.mark.parametrize(("law", "truth"), LAWS, ids=lambda value: getattr(value, "law", ""))
def test_times_follow_their_law(law: Times, truth: stats.rv_continuous):
    """Kolmogorov-Smirnov over 200,000 draws; the stream is fixed, so the p-value is, too."""
    drawn_s = sample_s(law, 200_000, seed=3, name="station")
    assert stats.kstest(drawn_s, truth.cdf).pvalue > 0.01
    assert law.mean_s == pytest.approx(truth.mean())
    assert law.cv == pytest.approx(truth.std() / truth.mean())


def test_observed_times_come_back_as_often_as_they_were_seen():
    drawn_s = sample_s(empirical((1.0, 2.0, 2.0, 7.0)), 100_000)
    # Binomial: 3 sigma is 0.5 points.
    assert [np.mean(drawn_s == value) for value in (1.0, 2.0, 7.0)] == pytest.approx([0.25, 0.5, 0.25], abs=5e-3)


def test_the_normal_number_is_that_of_its_probability():
    from rackwright.plant.floor.draws_kernel import normal

    shares = np.array([1e-300, 1e-16, 1e-9, 0.01, 0.2, 0.5, 0.7, 0.999, 1 - 1e-12])
    assert [normal(u) for u in shares] == pytest.approx(stats.norm.ppf(shares), rel=1e-13, abs=1e-15)


def test_streams_of_stations_replications_and_seeds_are_not_alike():
    streams = [
        sample_s(exponential(1.0), 50_000, seed=seed, replication=replication, name=name)
        for seed, replication, name in ((1, 0, "a"), (1, 0, "b"), (1, 1, "a"), (2, 0, "a"))
    ]
    apart = np.corrcoef(streams) - np.eye(4)
    # Independent streams: 1/sqrt(n) = 0.0045; 4 sigma.
    assert np.abs(apart).max() < 0.018


def test_a_station_more_moves_no_other_stream():
    """Far apart in time, parts do not meet: each part's time at the old stations is what it was, to rounding."""
    broken = Breakdown(exponential(3000.0), exponential(300.0))

    def flow_s(*names: str) -> np.ndarray:
        stations = tuple(
            Station(name, exponential(60.0), breakdown=broken, first_pass_share=0.7, on_fail="rework", rework=exponential(9.0))
            if name != "new" else Station("new", constant(1000.0), first_pass_share=0.7, on_fail="rework")
            for name in names
        )  # fmt: skip
        route = Route("part", tuple(Step(name) for name in names if name != "new"))
        source = Source("parts", ("part",), "times", constant(1e5))
        return play_events(Line(stations, (route,), (source,)), weeks=100, seed=5).flow_s

    alone_s = flow_s("a", "b")
    assert len(alone_s) > 500
    assert flow_s("new", "b", "a") == pytest.approx(flow_s("b", "a"), rel=1e-12)
    # Routes run in the order of the names: a then b or b then a, the same times add up.
    assert flow_s("b", "a") == pytest.approx(alone_s, rel=1e-9)


def test_a_station_on_the_way_adds_its_own_time_only():
    def flow_s(*names: str) -> np.ndarray:
        stations = tuple(Station(name, constant(1e3) if name == "new" else exponential(60.0)) for name in names)
        route = Route("part", tuple(Step(name) for name in names))
        source = Source("parts", ("part",), "times", constant(1e4))
        return play_events(Line(stations, (route,), (source,)), weeks=20, seed=5).flow_s

    assert flow_s("a", "new", "b") == pytest.approx(flow_s("a", "b") + 1e3, rel=1e-9)


def test_the_key_is_stable():
    """The key of a stream belongs to the results: it may not change from one version to the next."""
    assert stream_key(1, 2, "leak test") == stream_key(1, 2, "leak test")
    assert len({stream_key(1, n, "leak test") for n in range(1000)}) == 1000
