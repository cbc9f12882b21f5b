"""Random meshed networks: what must hold for every one of them, whatever its pipes, pumps and valves.

Networks are made so that they have one answer: a tree of links that let flow pass both ways reaches every node, and all
else (pumps, check valves, flow-control valves) hangs across it. The sum of the links' energies is then strictly convex.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.cooling.hydraulics import Network, NetworkBuilder, Solution, solve
from rackwright.rack.cooling.hydraulics.laws import FRICTION_LAWS, friction_factor, joint
from rackwright.rack.cooling.hydraulics.network import Kind
from rackwright.rack.cooling.hydraulics.solve import lanes_for

DENSITY, VISCOSITY, GRAVITY = 1012.0, 1.4e-3, 9.80665
WATER: dict[str, Any] = {"density_kg_m3": DENSITY, "viscosity_pa_s": VISCOSITY}
#: Where two ways must lead to the same answer both stop at changes of 1e-10, so that they may be 1e-9 apart at most.
EXACT: dict[str, Any] = {**WATER, "flow_tolerance": 1e-10}
SAME_SHARE = 1e-9
Given = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A link as it is declared: the builder's method and what it is given."""

    how: str
    name: str
    first: str
    second: str
    given: Given

    @property
    def two_way(self) -> bool:
        """Whether it takes the same drop in both directions."""
        return self.how in {"pipe", "curve", "kv", "power", "table"} and not self.given.get("check", False)


@dataclass(frozen=True)
class Plan:
    """A network before it is built, so that it can be turned, shuffled and doubled."""

    law: str
    fixed: tuple[tuple[str, Given], ...]
    free: tuple[tuple[str, Given], ...]
    links: tuple[Item, ...]

    def network(self) -> Network:
        build = NetworkBuilder(law=self.law)
        for name, how in self.fixed:
            build.fixed(name, **how)
        for name, how in self.free:
            build.junction(name, **how)
        for item in self.links:
            getattr(build, item.how)(item.name, item.first, item.second, **item.given)
        return build.network()


Draw = np.random.Generator
Makers = Sequence[Callable[[Draw], tuple[str, Given]]]


def log(rng: Draw, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def a_pipe(rng: Draw) -> tuple[str, Given]:
    return "pipe", {
        "length_m": log(rng, 0.1, 50), "diameter_m": log(rng, 0.006, 0.2), "roughness_m": log(rng, 1e-6, 1e-4),
        "minor_k": float(rng.choice([0.0, 1.5, 60.0])),
    }  # fmt: skip


def a_curve(rng: Draw) -> tuple[str, Given]:
    return "curve", {"linear_pa_s_m3": log(rng, 1e4, 1e7), "quadratic_pa_s2_m6": log(rng, 1e7, 1e12)}


def a_table(rng: Draw) -> tuple[str, Given]:
    flows = np.cumsum(rng.uniform(0.1, 1, 5)) * log(rng, 1e-5, 1e-2)
    drops = np.cumsum(rng.uniform(0.1, 1, 5)) * log(rng, 1e3, 1e5)
    return "table", {"flows_m3_s": [0.0, *flows.tolist()], "drops_pa": [0.0, *drops.tolist()]}


TWO_WAY: Makers = (
    a_pipe,
    a_pipe,
    lambda rng: ("pipe", {**a_pipe(rng)[1], "hazen_williams": float(rng.uniform(80, 150))}),
    a_curve,
    lambda rng: ("kv", {"kv_m3_h": log(rng, 0.3, 60)}),
    lambda rng: ("power", {"coefficient": log(rng, 1e7, 1e11), "exponent": float(rng.uniform(1.2, 2.2))}),
    a_table,
)
ONE_WAY: Makers = (
    lambda rng: ("pipe", {**a_pipe(rng)[1], "check": True}),
    lambda rng: ("kv", {"kv_m3_h": log(rng, 0.3, 60), "check": True}),
    lambda rng: ("pump", {"shutoff_pa": log(rng, 5e4, 5e5), "falloff": log(rng, 1e8, 1e11), "speed": rng.uniform(0, 1.2)}),
    lambda rng: ("pump", {"flows_m3_s": [0.0, 1e-3, 3e-3], "rises_pa": [3e5, 2.5e5, 1e4]}),
    lambda rng: ("valve", {"kind": "fcv", "setting": log(rng, 0.01, 3), "minor_k": 2.0, "diameter_m": 0.05}),
    lambda rng: ("valve", {"kind": "picv", "setting": log(rng, 0.01, 3), "least_drop_pa": 2e4, "diameter_m": 0.05}),
    lambda rng: ("valve", {"kind": "tcv", "setting": log(rng, 0.5, 500), "diameter_m": log(rng, 0.01, 0.1)}),
)  # fmt: skip


def meshed(
    seed: int,
    nodes: int,
    tree: Makers = TWO_WAY,
    across: Makers = (*TWO_WAY, *ONE_WAY),
    *,
    demands: bool = True,
    heights: bool = True,
    sources: int | None = None,
) -> Plan:
    """A random tree over the nodes with half as many links again across it; one to three nodes of given pressure."""
    rng = np.random.default_rng(seed)
    names = [f"n{number}" for number in range(nodes)]
    given = sources or int(rng.integers(1, 4))

    def height() -> Given:
        return {"elevation_m": float(rng.uniform(0, 8))} if heights else {}

    links = []
    for number in range(1, nodes):
        other = int(rng.integers(max(0, number - 6), number))
        ends = (names[number], names[other]) if rng.random() < 0.5 else (names[other], names[number])
        how, what = tree[int(rng.integers(len(tree)))](rng)
        links.append(Item(how, f"tree {number}", *ends, what))
    for number in range(nodes // 2 + 1):
        one, two = rng.choice(nodes, 2, replace=False)
        how, what = across[int(rng.integers(len(across)))](rng)
        links.append(Item(how, f"across {number}", names[one], names[two], what))
    fixed = tuple((name, {"pressure_pa": float(rng.uniform(1e5, 5e5)), **height()}) for name in names[:given])
    # the last node always draws, so that no network stands still
    free = tuple(
        (
            name,
            {
                "demand_kg_s": float(rng.uniform(0.02, 0.3)) * (demands and (rng.random() < 0.3 or name == names[-1])),
                **height(),
            },
        )
        for name in names[given:]
    )
    return Plan(str(rng.choice(FRICTION_LAWS)), fixed, free, tuple(links))


plans = st.builds(meshed, seed=st.integers(0, 2**32 - 1), nodes=st.integers(5, 60))


def flows(solution: Solution) -> dict[str, float]:
    return dict(zip(solution.network.links, solution.flow_kg_s[0].tolist(), strict=True))


def assert_same(one: Solution, other: Solution, share: float = SAME_SHARE) -> None:
    """Flows by name, as a share of the largest, and pressures as a share of the span of all."""
    mine, yours = flows(one), flows(other)
    most = max(abs(value) for value in mine.values())
    apart = {name: abs(mine[name] - yours[name]) for name in mine}
    worst = max(apart, key=lambda name: apart[name])
    assert apart[worst] <= share * most, (worst, mine[worst], yours[worst])
    here = dict(zip(one.network.nodes, one.pressure_pa[0].tolist(), strict=True))
    there = dict(zip(other.network.nodes, other.pressure_pa[0].tolist(), strict=True))
    assert max(abs(here[name] - there[name]) for name in here) <= 100 * share * 1e5


@settings(max_examples=60)
@given(plans)
def test_what_flows_into_a_node_flows_out_of_it(plan: Plan) -> None:
    solution = solve(plan.network(), **WATER)
    network, flow = solution.network, solution.flow_kg_s[0]
    assert np.isfinite(flow).all()
    assert np.isfinite(solution.pressure_pa).all()
    left = -network.demand_kg_s.copy()
    np.add.at(left, network.second, flow)
    np.subtract.at(left, network.first, flow)
    left[network.fixed_nodes] = 0.0
    assert np.abs(left).max() <= 1e-10 * np.abs(flow).sum()


def drop_by_hand(law: str, item: Item, flow: float) -> tuple[float, float]:
    """A two-way link's drop at a mass flow, from the definitions; second, its slope by differences. [Pa], [Pa s/kg]"""

    def drop(m: float) -> float:
        volume, sign, how = abs(m) / DENSITY, math.copysign(1.0, m), item.given
        return sign * float(taken(volume, how))

    def taken(volume: float, how: Given) -> Any:
        if item.how == "kv":
            return 1e5 * DENSITY / 1000 * (3600 * volume / how["kv_m3_h"]) ** 2
        if item.how == "curve":
            return how["linear_pa_s_m3"] * volume + how["quadratic_pa_s2_m6"] * volume**2
        if item.how == "power":
            return how["coefficient"] * volume ** how["exponent"]
        if item.how == "table":
            xs, ys = how["flows_m3_s"], how["drops_pa"]
            beyond = max(volume - xs[-1], 0.0) * (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
            return np.interp(volume, xs, ys) + beyond
        wide = how["diameter_m"]
        speed = volume / (math.pi / 4 * wide**2)
        dynamic = DENSITY * speed**2 / 2
        if "hazen_williams" in how:
            head = 10.667 * how["length_m"] * volume**1.852 / (how["hazen_williams"] ** 1.852 * wide**4.871)
            return DENSITY * GRAVITY * head + how["minor_k"] * dynamic
        rough = how["roughness_m"] / wide / (3.71 if law == "nikuradse" else 3.7)
        slots = (*joint(law, rough), 0.0, 0.0, 0.0, 0.0)[:4]
        reynolds = max(DENSITY * speed * wide / VISCOSITY, 1e-9)
        friction = friction_factor(FRICTION_LAWS.index(law), reynolds, rough, *slots)[0]
        return (friction * how["length_m"] / wide + how["minor_k"]) * dynamic

    step = max(1e-6 * abs(flow), 1e-12)
    return drop(flow), (drop(flow + step) - drop(flow - step)) / (2 * step)


@settings(max_examples=60)
@given(plans)
def test_along_every_link_the_pressures_fall_by_the_drop_of_its_own_law(plan: Plan) -> None:
    """So drops add up to nothing around any loop. A flow is known to 1e-9 of the largest, a drop to slope times that.

    Hazen and Williams' 10.667 is EPANET's 4.727 in feet, rounded: 4e-5 of the drop.
    """
    solution = solve(plan.network(), **EXACT)
    found, node = flows(solution), solution.network.node_number
    most = max(abs(value) for value in found.values())
    height = solution.network.elevation_m
    for item in plan.links:
        if not item.two_way:
            continue
        a, b = node[item.first], node[item.second]
        energy = solution.pressure_pa[0, a] - solution.pressure_pa[0, b] + DENSITY * GRAVITY * (height[a] - height[b])
        drop, slope = drop_by_hand(plan.law, item, found[item.name])
        rounded = 5e-5 * abs(drop) if "hazen_williams" in item.given else 1e-9 * abs(drop)
        assert energy == pytest.approx(drop, abs=rounded + SAME_SHARE * most * slope + 1e-3), item


@settings(max_examples=40)
@given(plans, st.randoms(use_true_random=False))
def test_a_pipe_declared_the_other_way_round_has_the_other_sign_and_nothing_else(plan: Plan, choose: Any) -> None:
    turned = {item.name for item in plan.links if item.two_way and choose.random() < 0.5}
    links = tuple(
        replace(item, first=item.second, second=item.first) if item.name in turned else item for item in plan.links
    )
    one, other = solve(plan.network(), **EXACT), solve(replace(plan, links=links).network(), **EXACT)
    signs = np.array([-1.0 if name in turned else 1.0 for name in other.network.links])
    assert_same(one, replace(other, flow_kg_s=other.flow_kg_s * signs))


@settings(max_examples=40)
@given(plans, st.randoms(use_true_random=False))
def test_the_order_of_declaration_changes_nothing(plan: Plan, choose: Any) -> None:
    fixed, free, links = list(plan.fixed), list(plan.free), list(plan.links)
    for items in (fixed, free, links):
        choose.shuffle(items)
    other = replace(plan, fixed=tuple(fixed), free=tuple(free), links=tuple(links))
    assert_same(solve(plan.network(), **EXACT), solve(other.network(), **EXACT))


@settings(max_examples=40)
@given(plans)
def test_a_network_beside_its_twin_flows_as_it_does_alone(plan: Plan) -> None:
    """The twin shares only the nodes of given pressure, through which neither feels the other."""
    given_nodes = {name for name, _ in plan.fixed}

    def twin(name: str) -> str:
        return name if name in given_nodes else f"twin {name}"

    doubled = replace(
        plan,
        free=plan.free + tuple((twin(name), how) for name, how in plan.free),
        links=plan.links
        + tuple(
            replace(item, name=f"twin {item.name}", first=twin(item.first), second=twin(item.second))
            for item in plan.links
        ),
    )
    alone, both = solve(plan.network(), **EXACT), solve(doubled.network(), **EXACT)
    assert_same(alone, both)
    most = np.abs(alone.flow_kg_s).max()
    for name, value in flows(alone).items():
        assert both.flow_of(f"twin {name}")[0] == pytest.approx(value, abs=SAME_SHARE * most)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(5, 60))
def test_four_times_the_heads_drive_twice_the_flow_where_every_drop_is_quadratic(seed: int, nodes: int) -> None:
    quadratic: Makers = (
        lambda rng: ("kv", {"kv_m3_h": log(rng, 0.3, 60)}),
        lambda rng: ("curve", {"quadratic_pa_s2_m6": log(rng, 1e7, 1e12)}),
        lambda rng: ("power", {"coefficient": log(rng, 1e7, 1e12), "exponent": 2.0}),
    )
    plan = meshed(seed, nodes, quadratic, quadratic, demands=False, heights=False)
    if len(plan.fixed) < 2:
        return
    network = plan.network()
    found = solve(network, **WATER, fixed_pa=network.fixed_pa * np.array([[1.0], [4.0]]), flow_tolerance=1e-11)
    most = np.abs(found.flow_kg_s[0]).max()
    assert np.abs(found.flow_kg_s[1] - 2 * found.flow_kg_s[0]).max() <= SAME_SHARE * most


@settings(max_examples=60)
@given(plans, st.floats(10.0, 2e5))
def test_more_pressure_at_a_node_never_drives_less_out_of_it(plan: Plan, more_pa: float) -> None:
    network = plan.network()
    raised = np.repeat(network.fixed_pa[None, :], 2, axis=0)
    raised[1, 0] += more_pa
    found = solve(network, **EXACT, fixed_pa=raised)
    node = network.fixed_nodes[0]
    out = (found.flow_kg_s * (network.first == node)).sum(1) - (found.flow_kg_s * (network.second == node)).sum(1)
    assert out[1] >= out[0] - SAME_SHARE * np.abs(found.flow_kg_s).max()


def scenarios(plan: Plan, count: int, seed: int = 5) -> Given:
    """Spread demands, pressures, speeds, drops and shut links (never of the tree) over a plan's network."""
    network, rng = plan.network(), np.random.default_rng(seed)
    across = np.array([name.startswith("across") for name in network.links])
    return {
        "network": network,
        **EXACT,
        "demands_kg_s": network.demand_kg_s * rng.uniform(0.5, 1.5, (count, 1)),
        "fixed_pa": network.fixed_pa * rng.uniform(0.7, 1.3, (count, len(network.fixed))),
        "speed": network.pump_speed * rng.uniform(0.5, 1.1, (count, len(network.pumps))),
        "factor": rng.uniform(0.8, 1.5, (count, len(network.links))),
        "opened": ~(across & (rng.random((count, len(network.links))) < 0.15)),
    }


def row(how: Given, number: int) -> Given:
    return {name: value[number : number + 1] if isinstance(value, np.ndarray) else value for name, value in how.items()}


@settings(max_examples=15)
@given(plans)
def test_scenarios_side_by_side_are_those_scenarios_one_by_one(plan: Plan) -> None:
    how = scenarios(plan, 12)
    together = solve(**how)
    for number in range(12):
        alone = solve(**row(how, number))
        most = np.abs(alone.flow_kg_s).max()
        assert np.abs(alone.flow_kg_s[0] - together.flow_kg_s[number]).max() <= 1e-8 * most


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.integers(30, 60))
def test_the_number_of_workers_changes_no_bit(seed: int, nodes: int) -> None:
    plan = meshed(seed, nodes)
    count = 2 * lanes_for(plan.network()) + 5
    how = scenarios(plan, count)
    one, three = solve(**how, workers=1), solve(**how, workers=3)
    np.testing.assert_array_equal(one.flow_kg_s, three.flow_kg_s)
    np.testing.assert_array_equal(one.pressure_pa, three.pressure_pa)


def with_nasty(how: Given, at: int) -> Given:
    """The same scenarios, one of them without an answer: a node asks for what its shut links cannot bring."""
    network: Network = how["network"]
    node = max(set(range(len(network.nodes))) - set(network.fixed_nodes.tolist()))
    demands, opened = how["demands_kg_s"].copy(), how["opened"].copy()
    demands[at, node] = 0.2
    opened[at, (network.first == node) | (network.second == node)] = False
    return {**how, "demands_kg_s": demands, "opened": opened}


@settings(max_examples=25)
@given(plans, st.integers(0, 15))
def test_a_scenario_without_an_answer_changes_no_bit_of_its_neighbours(plan: Plan, at: int) -> None:
    how = scenarios(plan, 16)
    how["opened"][:] = True
    calm = solve(**how)
    beside = solve(**with_nasty(how, at), must_converge=False)
    assert not beside.converged[at]
    others = np.arange(16) != at
    assert beside.converged[others].all()
    np.testing.assert_array_equal(beside.flow_kg_s[others], calm.flow_kg_s[others])
    np.testing.assert_array_equal(beside.pressure_pa[others], calm.pressure_pa[others])


@settings(max_examples=10)
@given(plans)
def test_a_first_scenario_without_an_answer_leaves_a_large_batch_its_answers(plan: Plan) -> None:
    """Large batches start from their first scenario; a bad start may cost steps, but no answer."""
    count = lanes_for(plan.network()) + 16
    how = scenarios(plan, count)
    calm, beside = solve(**how), solve(**with_nasty(how, 0), must_converge=False)
    assert beside.converged[1:].all()
    most = np.abs(calm.flow_kg_s).max(axis=1, keepdims=True)
    assert (np.abs(beside.flow_kg_s - calm.flow_kg_s)[1:] <= 1e-8 * most[1:]).all()


@settings(max_examples=25)
@given(plans)
def test_a_warm_start_meets_the_cold_one(plan: Plan) -> None:
    how = scenarios(plan, 3)
    cold = solve(**how)
    warm = solve(**how, start=solve(plan.network(), **EXACT))
    most = np.abs(cold.flow_kg_s).max(axis=1, keepdims=True)
    assert (np.abs(warm.flow_kg_s - cold.flow_kg_s) <= 1e-8 * most).all()


def any_pump(rng: Draw) -> tuple[str, Given]:
    return "pump", {
        "shutoff_pa": log(rng, 2e4, 8e5), "falloff": log(rng, 1e7, 1e12), "speed": float(rng.uniform(0, 1.5)),
        "exponent": float(rng.uniform(1, 3)),
    }  # fmt: skip


def free_valve(rng: Draw) -> tuple[str, Given]:
    """A flow-control valve that takes nothing while it is open, as valves in EPANET's files mostly are."""
    return "valve", {"kind": "fcv", "setting": log(rng, 0.01, 3), "diameter_m": 0.05}


def breaker(rng: Draw) -> tuple[str, Given]:
    return "valve", {"kind": "pbv", "setting": log(rng, 1e3, 3e5), "minor_k": 2.0, "diameter_m": 0.05}


def not_settled(seeds: range, across: Makers = (*TWO_WAY, *ONE_WAY), sources: int | None = None) -> list[str]:
    """Networks that do not settle, or take longer than two seconds with all that building them takes."""
    failed = []
    for seed in seeds:
        began = time.perf_counter()
        solution = solve(
            meshed(seed, 5 + seed % 56, across=across, sources=sources).network(), **WATER, must_converge=False
        )
        took_s = time.perf_counter() - began
        finite = np.isfinite(solution.flow_kg_s).all() and np.isfinite(solution.pressure_pa).all()
        if not (solution.converged.all() and finite and took_s < 2.0):
            failed.append(
                f"meshed({seed}, {5 + seed % 56}): {solution.steps[0]} steps, {took_s:.1f} s, finite {finite}"
            )
    return failed


def test_two_thousand_random_networks_settle() -> None:
    solve(meshed(0, 40).network(), **WATER)  # machine code first
    assert not not_settled(range(2000))


def test_pumps_of_any_curve_and_speed_settle() -> None:
    assert not not_settled(range(800), (any_pump,))


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="T18: walls 1e16 times as steep as a valve without loss")
def test_flow_control_valves_without_any_loss_settle() -> None:
    """From one source only: between two given pressures a link without loss has no answer."""
    assert not not_settled(range(200), (free_valve,), sources=1)


@pytest.mark.xfail(strict=True, reason="one network of 200, meshed(4, 9), keeps Newton's steps going")
def test_pressure_breakers_settle() -> None:
    assert not not_settled(range(200), (breaker,))


def test_the_random_networks_hold_every_kind_of_link() -> None:
    kinds = {int(kind) for seed in range(40) for kind in meshed(seed, 40).network().kind}
    assert kinds >= {
        Kind.DARCY, Kind.HAZEN_WILLIAMS, Kind.CURVE, Kind.POWER, Kind.TABLE, Kind.PUMP, Kind.PUMP_TABLE, Kind.VALVE,
    }  # fmt: skip
