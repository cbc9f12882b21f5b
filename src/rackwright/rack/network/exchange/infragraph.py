"""InfraGraph files: a wiring out and in again, whole.

InfraGraph (Keysight, open-traffic-generator) describes an infrastructure as devices with components, instances of devices
by name and count, and edges between slices of instances' components. Here an adapter is a device `adapter` of one nic and
its ports, a switch a device `switch` of one asic and its ports; nodes of one plane, tier and group are one instance. What
the schema has no field for (rails, planes, breakouts) stands in descriptions as `word=value`, so that a file of ours comes
back as the identical wiring; a file of another program comes back with tiers by distance from its adapters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from rackwright.rack.network.exchange.slices import expanded, runs
from rackwright.rack.network.topology.wiring import TIERS, Wiring

Whole = NDArray[np.int64]
Tree = dict[str, Any]


class NotAFabric(ValueError):
    """A file that is no fabric of adapters and switches; the text says where and what would do."""


def write_infragraph(wiring: Wiring, path: Path) -> None:
    """As JSON or YAML, by the ending of `path`."""
    tree = infragraph(wiring)
    if path.suffix == ".json":
        path.write_text(json.dumps(tree))
    elif path.suffix in (".yaml", ".yml"):
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
    else:
        raise ValueError(f"{path.name}: InfraGraph is written as .json or .yaml")


def read_infragraph(path: Path) -> Wiring:
    """A wiring from an InfraGraph file, JSON or YAML."""
    text = path.read_text()
    tree = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(tree, dict):
        raise NotAFabric(f"{path.name} holds {type(tree).__name__}: an infrastructure is a mapping")
    return wiring_of(tree.get("infrastructure", tree))


def infragraph(wiring: Wiring) -> Tree:
    """The wiring as a tree of InfraGraph's words, ready for JSON or YAML."""
    begin = _instance_begins(wiring)
    sizes = np.diff(np.append(begin, wiring.nodes))
    names = _instance_names(wiring, begin)
    adapter_ports = int(wiring.lower_port[wiring.lower < wiring.endpoints].max(initial=0)) + 1
    return {
        "name": wiring.name,
        "description": _words(
            {
                "planes": wiring.planes, "link_bit_s": repr(float(wiring.link_bit_s)),
                "switch_ports": wiring.switch_ports, "port_group": wiring.port_group,
            }
        ),
        "devices": [
            _device("adapter", "nic", "nic", adapter_ports),
            _device("switch", "asic", "switch", wiring.switch_ports),
        ],
        "links": [
            {
                "name": "fabric",
                "description": "one link of the fabric",
                "physical": {
                    "bandwidth": {
                        "choice": "gigabits_per_second",
                        "gigabits_per_second": wiring.link_bit_s / 1e9,
                    }
                },
            }
        ],
        "instances": [
            {
                "name": name,
                "description": _node_words(wiring, int(first), int(count)),
                "device": "adapter" if first < wiring.endpoints else "switch",
                "count": int(count),
            }
            for name, first, count in zip(names, begin, sizes, strict=True)
        ],
        "edges": list(_edges(wiring, begin, names)),
    }  # fmt: skip


def _device(name: str, chip: str, choice: str, ports: int) -> Tree:
    """A device whose ports all hang on one chip."""
    return {
        "name": name,
        "components": [
            {"name": chip, "count": 1, "choice": choice},
            {"name": "port", "count": ports, "choice": "port"},
        ],
        "links": [{"name": "internal"}],
        "edges": [
            {
                "ep1": {"component": f"{chip}[0:1]"},
                "ep2": {"component": f"port[0:{ports}]"},
                "scheme": "many2many",
                "link": "internal",
            }
        ],
    }


def _instance_begins(wiring: Wiring) -> Whole:
    """First node of each run of nodes of one plane, tier and group."""
    keys = np.stack([np.asarray(one, dtype=np.int64) for one in (wiring.plane, wiring.tier, wiring.group)])
    changes = np.any(keys[:, 1:] != keys[:, :-1], axis=0)
    return np.concatenate(([0], np.flatnonzero(changes) + 1))


def _instance_names(wiring: Wiring, begin: Whole) -> list[str]:
    """`end-012`, `p0-leaf-012`; a second run of the same gets a number."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for node in begin.tolist():
        tier, group = int(wiring.tier[node]), int(wiring.group[node])
        of = "x" if group < 0 else f"{group:03d}"
        name = f"end-{of}" if tier == 0 else f"p{int(wiring.plane[node])}-{TIERS[tier]}-{of}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-run{seen[name]}")
    return names


def _node_words(wiring: Wiring, first: int, count: int) -> str:
    nodes = slice(first, first + count)
    words: dict[str, Any] = {
        "tier": int(wiring.tier[first]),
        "plane": int(wiring.plane[first]),
        "group": int(wiring.group[first]),
        "rail": _packed(wiring.rail[nodes]),
    }
    if not np.array_equal(wiring.number[nodes], np.arange(count)):
        words["number"] = _packed(wiring.number[nodes])
    return _words(words)


def _packed(values: NDArray[Any]) -> str:
    """Numbers as runs `first+step*count`, comma between: 0,1,2,3,0,1 is `0+1*4,0+1*2`."""
    found, at, numbers = [], 0, values.tolist()
    while at < len(numbers):
        step = numbers[at + 1] - numbers[at] if at + 1 < len(numbers) else 0
        end = at + 1
        while end < len(numbers) and numbers[end] - numbers[end - 1] == step:
            end += 1
        found.append(f"{numbers[at]}+{step}*{end - at}")
        at = end
    return ",".join(found)


def _unpacked(text: str) -> Whole:
    parts = [re.fullmatch(r"(-?\d+)\+(-?\d+)\*(\d+)", part) for part in text.split(",")]
    if not all(parts):
        raise NotAFabric(f"{text!r} is no list of runs such as 0+1*4,0+1*2")
    runs_of = [tuple(int(one) for one in part.groups()) for part in parts if part]
    return np.concatenate([first + step * np.arange(count) for first, step, count in runs_of])


def _words(words: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in words.items())


def _read_words(text: str | None) -> dict[str, str]:
    return dict(part.split("=", 1) for part in (text or "").split() if "=" in part)


def _edges(wiring: Wiring, begin: Whole, names: list[str]) -> Iterator[Tree]:
    """Links as slices, as few as their order allows."""
    low = np.searchsorted(begin, wiring.lower, side="right") - 1
    up = np.searchsorted(begin, wiring.upper, side="right") - 1
    columns = (
        low, wiring.lower - begin[low], wiring.lower_port.astype(np.int64),
        up, wiring.upper - begin[up], wiring.upper_port.astype(np.int64),
    )  # fmt: skip
    for (of_low, at_low, port_low), (of_up, at_up, port_up) in runs(columns):
        yield {
            "ep1": {"instance": f"{names[of_low]}[{at_low}]", "component": f"port[{port_low}]"},
            "ep2": {"instance": f"{names[of_up]}[{at_up}]", "component": f"port[{port_up}]"},
            "scheme": "one2one",
            "link": "fabric",
        }


@dataclass(frozen=True, slots=True)
class _Instances:
    """Instances of a file: first node of each, its device, its words."""

    first: dict[str, int]
    count: dict[str, int]
    device: dict[str, str]
    words: dict[str, dict[str, str]]
    nodes: int


def wiring_of(tree: Tree) -> Wiring:
    """A wiring from an InfraGraph tree.

    Devices without an accelerator, a nic or memory are switches, all others endpoints. A foreign file may
    name any component as an edge's end; the ports of a node are then numbered in the order in which they occur.

    Raises
    ------
    NotAFabric
        When edges name instances that are not there, or links of several rates join the nodes.
    """
    instances = _instances(tree)
    devices = {device["name"]: device for device in tree.get("devices", [])}
    lower, lower_port, upper, upper_port = _links(tree, instances, devices)
    words = _read_words(tree.get("description"))
    if all("tier" in of for of in instances.words.values()):
        tier, plane, rail, group, number = _own_nodes(instances)
    else:
        tier, plane, rail, group, number, order = _foreign_nodes(instances, devices, lower, upper)
        lower, upper = order[lower], order[upper]
        turn = tier[lower] > tier[upper]
        lower, upper = np.where(turn, upper, lower), np.where(turn, lower, upper)
        lower_port, upper_port = np.where(turn, upper_port, lower_port), np.where(turn, lower_port, upper_port)
    endpoints = int((tier == 0).sum())
    most = max(int(lower_port[lower >= endpoints].max(initial=-1)), int(upper_port[upper >= endpoints].max(initial=-1)))
    return Wiring(
        name=str(tree.get("name", "fabric")),
        endpoints=endpoints,
        planes=int(words.get("planes", 1)),
        link_bit_s=float(words["link_bit_s"]) if "link_bit_s" in words else _rate(tree),
        tier=tier.astype(np.int8),
        plane=plane.astype(np.int16),
        rail=rail.astype(np.int16),
        group=group.astype(np.int32),
        number=number.astype(np.int32),
        lower=lower.astype(np.int32),
        upper=upper.astype(np.int32),
        lower_port=lower_port.astype(np.int32),
        upper_port=upper_port.astype(np.int32),
        switch_ports=int(words.get("switch_ports", most + 1)),
        port_group=int(words.get("port_group", 1)),
    )


def _instances(tree: Tree) -> _Instances:
    found = _Instances({}, {}, {}, {}, sum(int(one["count"]) for one in tree.get("instances", [])))
    node = 0
    for one in tree.get("instances", []):
        name = one["name"]
        found.first[name], found.count[name], found.device[name] = node, int(one["count"]), one["device"]
        found.words[name] = _read_words(one.get("description"))
        node += int(one["count"])
    if not found.nodes:
        raise NotAFabric("no instances: an infrastructure names its adapters and switches")
    return found


def _links(tree: Tree, instances: _Instances, devices: dict[str, Tree]) -> tuple[Whole, Whole, Whole, Whole]:
    """Both ends of every edge, expanded: node and port."""
    columns: tuple[list[Whole], ...] = ([], [], [], [])
    for edge in tree.get("edges", []):
        ends = [_end(edge[end], instances, devices) for end in ("ep1", "ep2")]
        (node_a, port_a), (node_b, port_b) = ends
        if edge.get("scheme", "one2one") == "many2many":
            a, b = (grid.ravel() for grid in np.indices((len(node_a), len(node_b))))
        else:
            count = min(len(node_a), len(node_b))
            a = b = np.arange(count)
        for column, part in zip(columns, (node_a[a], port_a[a], node_b[b], port_b[b]), strict=True):
            column.append(part)
    node_a, port_a, node_b, port_b = (np.concatenate(one or [np.zeros(0, np.int64)]) for one in columns)
    return node_a, port_a, node_b, port_b


def _end(end: Tree, instances: _Instances, devices: dict[str, Tree]) -> tuple[Whole, Whole]:
    """Nodes and ports of one end of an edge, instances outside, components inside."""
    name, slice_text = _named(end["instance"])
    if name not in instances.first:
        raise NotAFabric(f"an edge ends at {end['instance']!r}; there is no instance of that name")
    nodes = instances.first[name] + _within(
        expanded(slice_text, instances.count[name]), instances.count[name], end["instance"]
    )
    first, ports = 0, np.zeros(1, dtype=np.int64)
    component, port_slice = _named(end["component"].split(".")[0])
    parts = devices.get(instances.device[name], {}).get("components", [])
    own = next((part for part in parts if part["name"] == component), None)
    if own is None:
        raise NotAFabric(
            f"an edge ends at {end['component']!r}; device {instances.device[name]!r} has no such component"
        )
    for part in parts:  # ports of several components are numbered one after another
        if part["name"] == component:
            break
        first += int(part["count"]) if part["choice"] in ("port", "nic") and own["choice"] == part["choice"] else 0
    ports = first + _within(expanded(port_slice, int(own["count"])), int(own["count"]), end["component"])
    return np.repeat(nodes, len(ports)), np.tile(ports, len(nodes))


def _within(numbers: Whole, count: int, text: str) -> Whole:
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() < count):
        raise NotAFabric(f"an edge ends at {text!r}; there are {count}, from 0 to {count - 1}")
    return numbers


def _named(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"([^\[\]]+)(?:\[([^\]]*)\])?", text)
    if match is None:
        raise NotAFabric(f"{text!r} is no name with a slice, such as leaf[0:4]")
    return match[1], match[2] or ""


def _own_nodes(instances: _Instances) -> tuple[Whole, Whole, Whole, Whole, Whole]:
    """Tier, plane, rail, group and number of every node from our words."""
    columns: tuple[list[Whole], ...] = ([], [], [], [], [])
    for name, words in instances.words.items():
        count = instances.count[name]
        number = _unpacked(words["number"]) if "number" in words else np.arange(count)
        parts = (
            np.full(count, int(words["tier"])), np.full(count, int(words["plane"])), _unpacked(words["rail"]),
            np.full(count, int(words["group"])), number,
        )  # fmt: skip
        for column, part in zip(columns, parts, strict=True):
            column.append(part)
    tier, plane, rail, group, number = (np.concatenate(one) for one in columns)
    return tier, plane, rail, group, number


def _foreign_nodes(
    instances: _Instances, devices: dict[str, Tree], lower: Whole, upper: Whole
) -> tuple[Whole, Whole, Whole, Whole, Whole, Whole]:
    """Nodes of another program's file: endpoints first, switches by distance from them; and each node's new place."""
    is_switch = np.concatenate(
        [np.full(count, _is_switch(devices.get(instances.device[name], {}))) for name, count in instances.count.items()]
    )
    tier = np.where(is_switch, 99, 0)
    for step in range(1, 99):
        near = np.concatenate((upper[tier[lower] == step - 1], lower[tier[upper] == step - 1]))
        fresh = near[tier[near] == 99]
        if not len(fresh):
            break
        tier[fresh] = step
    if (tier == 99).any() or tier.max(initial=0) >= len(TIERS):
        raise NotAFabric(f"a switch is more than {len(TIERS) - 1} hops from every endpoint, or hangs on none")
    sequence = np.lexsort((np.arange(len(tier)), tier))
    order = np.empty_like(sequence)
    order[sequence] = np.arange(len(tier))
    tier = tier[sequence]
    number = np.arange(len(tier)) - np.searchsorted(tier, tier)
    none = np.full(len(tier), -1)
    return tier, np.where(tier == 0, -1, 0), none, np.where(tier <= 1, 0, -1), number, order


def _is_switch(device: Tree) -> bool:
    choices = {part["choice"] for part in device.get("components", [])}
    return not choices & {"xpu", "nic", "memory"}  # InfraGraph's own switches have their chip as a `cpu`


def _rate(tree: Tree) -> float:
    """Rate of the links that edges use; one rate only. [bit/s]"""
    factor = {"gigabits_per_second": 1e9, "gigabytes_per_second": 8e9}
    used = {edge["link"] for edge in tree.get("edges", [])}
    found = set()
    for link in tree.get("links", []):
        bandwidth = link.get("physical", {}).get("bandwidth", {})
        choice = bandwidth.get("choice")
        if link["name"] in used and choice in factor:
            found.add(float(bandwidth[choice]) * factor[choice])
    if len(found) != 1:
        said = ", ".join(f"{rate / 1e9:g} Gbit/s" for rate in sorted(found)) or "no rate"
        raise NotAFabric(f"links of {said}: a fabric has links of one rate")
    return found.pop()
