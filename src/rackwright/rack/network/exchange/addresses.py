"""Addresses and names: IPv6 and IPv4 of every adapter port by plane and rail, of every switch by plane."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

if TYPE_CHECKING:
    from rackwright.rack.network.topology.wiring import Wiring

Whole = NDArray[np.int64]


def addresses(wiring: Wiring, ipv6: str, ipv4: str | None = None) -> pl.DataFrame:
    """One row for every adapter port and every switch: device, port, plane, rail, subnet and address.

    Each plane has a subnet for each rail's adapters and one for its switches, in the order of planes and rails; a /64 of
    `ipv6`, and of `ipv4` the smallest that holds the largest of them. Hosts count from 1 in the order of nodes, so that
    an address stays when blocks are added. A switch has port -1: its loopback.

    Raises
    ------
    ProgramError
        If the prefix is too long for the planes and rails; says which would do.

    Examples
    --------
    Plane 1, rail 2 of a fabric of 8 rails is subnet 1 x 9 + 2 = 11 of fd00:0:0::/48: fd00:0:0:b::/64.
    """
    rails = max(int(wiring.rail.max(initial=-1)) + 1, 1)
    links = np.flatnonzero(wiring.lower < wiring.endpoints)
    order = np.lexsort((wiring.lower_port[links], wiring.lower[links]))
    links = links[order]
    switch = np.arange(wiring.endpoints, wiring.nodes)
    device = np.concatenate((wiring.lower[links], switch)).astype(np.int64)
    port = np.concatenate((wiring.lower_port[links], np.full(len(switch), -1)))
    plane = np.concatenate((wiring.plane[wiring.upper[links]], wiring.plane[switch])).astype(np.int64)
    rail = np.concatenate((np.maximum(wiring.rail[wiring.lower[links]], 0), np.full(len(switch), rails))).astype(
        np.int64
    )
    subnet = np.maximum(plane, 0) * (rails + 1) + rail
    host = _within(subnet) + 1
    subnets = max(int(wiring.planes), int(plane.max(initial=0)) + 1) * (rails + 1)
    nets6 = [ipaddress.IPv6Address(at) for at in _starts(ipaddress.IPv6Network(ipv6), 64, subnets, wiring.name)]
    table = {
        "device": wiring.labels(device.tolist()),
        "port": port,
        "plane": plane,
        "rail": np.where(rail == rails, -1, rail),
        "subnet6": pl.Series([f"{net}/64" for net in nets6]).gather(subnet),
        "address6": _text6(pl.Series([str(net) for net in nets6]), subnet, host),
    }
    if ipv4 is not None:
        length = 32 - int(np.ceil(np.log2(int(host.max(initial=1)) + 2)))
        nets4 = _starts(ipaddress.IPv4Network(ipv4), length, subnets, wiring.name)
        table["subnet4"] = pl.Series([f"{ipaddress.IPv4Address(net)}/{length}" for net in nets4]).gather(subnet)
        table["address4"] = _text4(np.array(nets4), subnet, host)
    return pl.DataFrame(table)


def _within(keys: Whole) -> Whole:
    """Number of each row among the earlier rows of its key."""
    order = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[order], keys[order])
    number = np.empty(len(keys), dtype=np.int64)
    number[order] = np.arange(len(keys)) - first
    return number


def _starts(base: ipaddress.IPv4Network | ipaddress.IPv6Network, length: int, count: int, name: str) -> list[int]:
    """Network numbers of the first `count` subnets of a length."""
    bits = max(count - 1, 0).bit_length()
    if base.prefixlen + bits > length:
        found = f"{base} holds {1 << max(length - base.prefixlen, 0)} subnets of /{length}, wanted are {count}"
        expected = f"a prefix of /{length - bits} or shorter" if length >= bits else "fewer planes and rails"
        raise ProgramError([Problem(file=name, line=0, path="addresses", found=found, expected=expected)])
    size = 1 << (base.max_prefixlen - length)
    return [int(base.network_address) + at * size for at in range(count)]


def _text6(nets: pl.Series, subnet: Whole, host: Whole) -> pl.Series:
    """Network (which ends in ::) and host in hexadecimal."""
    names = [
        f"{one:x}" if one < 1 << 16 else f"{one >> 16:x}:{one & 0xFFFF:x}"
        for one in range(int(host.max(initial=0)) + 1)
    ]
    return pl.select(pl.concat_str(nets.gather(subnet), pl.Series(names).gather(host))).to_series()


def _text4(nets: Whole, subnet: Whole, host: Whole) -> pl.Series:
    number = nets[subnet] + host
    octets = [pl.Series((number >> shift) & 255).cast(pl.String) for shift in (24, 16, 8, 0)]
    return pl.select(pl.concat_str(octets, separator=".")).to_series()
