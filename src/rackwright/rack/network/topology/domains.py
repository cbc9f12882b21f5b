"""Scale-up domains port by port: accelerators on switch chips (NVLink, UALink), or all joined to each other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.topology.wiring import FabricProblem, Wiring, within_group

#: UALink 200G 1.0 joins at most so many accelerators (published).
UALINK_MOST = 1024


@dataclass(frozen=True, slots=True)
class Domain:
    """A scale-up domain as its maker describes it; rates one way."""

    name: str
    gpus: int
    gpus_per_tray: int
    #: Switch chips, chips of a switch tray (0 and 0 for a full mesh) and ports of a chip.
    chips: int
    chips_per_tray: int
    chip_ports: int
    #: Links of one accelerator in all, and the rate of one. [bit/s]
    links_per_gpu: int
    link_bit_s: float
    #: "published" where all of this is; otherwise which part is not.
    status: Literal["published", "estimate"]
    source: str

    @property
    def gpu_bit_s(self) -> float:
        """What one accelerator can send at once. [bit/s]"""
        return self.links_per_gpu * self.link_bit_s


#: By name. NVLink rates: 1,800 GB/s (generation 5) or 900 GB/s (4) both ways over 18 links. Chip ports are the links
#: that end on a chip, which is all that the sources let one say; how 18 links divide over 4 chips is dealt in turn.
DOMAINS = {
    domain.name: domain
    for domain in (
        Domain("gb200-nvl72", 72, 4, 18, 2, 72, 18, 50e9 * 8, "published",
               "NVIDIA DGX SuperPOD GB200 RA; ml-engineering network/README (NVLink5 1,800 GB/s both ways)"),
        Domain("hgx-h100", 8, 8, 4, 4, 40, 18, 25e9 * 8, "estimate",
               "ml-engineering network/README (NVLink4 900 GB/s both ways, 4 chips); 5, 5, 4, 4 links are dealt here"),
        Domain("hgx-b200", 8, 8, 2, 2, 72, 18, 50e9 * 8, "published",
               "GPU Field Guide 2026 (2 chips, 14.4 TB/s together); NVLink5 1,800 GB/s both ways"),
        Domain("mi300x", 8, 8, 0, 0, 0, 7, 64e9 * 8, "published",
               "ml-engineering network/README (full mesh, 64 GB/s to each of 7 one way)"),
        Domain("mi355x", 8, 8, 0, 0, 0, 7, 76.5e9 * 8, "published",
               "ml-engineering network/README (full mesh, 76.5 GB/s to each of 7 one way)"),
    )
}  # fmt: skip


def domain_wiring(domain: Domain) -> Wiring:
    """A domain port by port; each switch chip is a plane of its own.

    Examples
    --------
    >>> nvl72 = domain_wiring(DOMAINS["gb200-nvl72"])
    >>> nvl72.endpoints, nvl72.switches, nvl72.links
    (72, 18, 1296)
    """
    return _mesh(domain) if domain.chips == 0 else _switched(domain)


def ualink_domain(
    *, gpus: int, gpus_per_tray: int, chips: int, chips_per_tray: int, chip_lanes: int, lanes_per_gpu: int,
    lanes_per_link: int = 4, lane_bit_s: float = 200e9, name: str = "ualink",
) -> Domain:  # fmt: skip
    """A UALink domain of given chips; a link is a group of lanes (four lanes make a station's port).

    Raises
    ------
    FabricProblem
        Beyond 1,024 accelerators, or where lanes do not make whole links.
    """
    if gpus > UALINK_MOST:
        raise FabricProblem(f"{gpus} accelerators: UALink 200G 1.0 joins at most {UALINK_MOST}")
    if lanes_per_gpu % lanes_per_link:
        fewer = lanes_per_gpu - lanes_per_gpu % lanes_per_link or lanes_per_link
        raise FabricProblem(f"{lanes_per_gpu} lanes do not make links of {lanes_per_link}: {fewer} lanes would do")
    return Domain(
        name, gpus, gpus_per_tray, chips, chips_per_tray, chip_lanes // lanes_per_link,
        lanes_per_gpu // lanes_per_link, lane_bit_s * lanes_per_link, "estimate",
        "UALink 200G 1.0 summary (lanes, most accelerators); chips as given",
    )  # fmt: skip


def _switched(domain: Domain) -> Wiring:
    """Links of an accelerator are dealt to the chips in turn: link k ends on chip k modulo chips."""
    gpus, chips, links = domain.gpus, domain.chips, domain.links_per_gpu
    link = np.arange(links)
    chip, turn = link % chips, link // chips
    to_chip = np.bincount(chip, minlength=chips)
    most = int(to_chip.max()) * gpus
    if most > domain.chip_ports:
        raise FabricProblem(
            f"{domain.name}: a chip of {domain.chip_ports} ports has {most} links: chips of {most} ports, "
            f"{-(-links * gpus // domain.chip_ports)} chips or {domain.chip_ports // int(to_chip.max())} accelerators "
            "would do"
        )
    gpu = np.repeat(np.arange(gpus), links)
    by_plane = np.argsort(np.tile(chip, gpus), kind="stable")
    tray = np.arange(chips) // max(domain.chips_per_tray, 1)
    upper_port = (np.arange(gpus)[:, None] * to_chip[chip] + turn).reshape(-1)
    return Wiring(
        name=domain.name,
        endpoints=gpus,
        planes=chips,
        link_bit_s=domain.link_bit_s,
        tier=np.repeat(np.array([0, 1], dtype=np.int8), (gpus, chips)),
        plane=np.concatenate([np.full(gpus, -1), np.arange(chips)]).astype(np.int16),
        rail=np.full(gpus + chips, -1, dtype=np.int16),
        group=np.concatenate([np.arange(gpus) // domain.gpus_per_tray, tray]).astype(np.int32),
        number=np.concatenate([np.arange(gpus) % domain.gpus_per_tray, within_group(tray)]).astype(np.int32),
        lower=gpu[by_plane].astype(np.int32),
        upper=(gpus + np.tile(chip, gpus)[by_plane]).astype(np.int32),
        lower_port=np.tile(link, gpus)[by_plane].astype(np.int32),
        upper_port=upper_port[by_plane].astype(np.int32),
        switch_ports=domain.chip_ports,
        port_group=1,
    )


def _mesh(domain: Domain) -> Wiring:
    """Every accelerator joined to every other by an equal number of links; an accelerator's ports go round its peers."""
    gpus = domain.gpus
    if gpus < 2 or domain.links_per_gpu % (gpus - 1):
        raise FabricProblem(
            f"{domain.name}: {domain.links_per_gpu} links do not divide over {gpus - 1} peers: "
            f"{-(-domain.links_per_gpu // max(gpus - 1, 1)) * max(gpus - 1, 1)} links would do"
        )
    each = domain.links_per_gpu // (gpus - 1)
    pairs: NDArray[np.int64] = np.array(list(itertools.combinations(range(gpus), 2)))
    low, high = (np.repeat(pairs[:, side], each) for side in (0, 1))
    turn = np.tile(np.arange(each), len(pairs))
    return Wiring(
        name=domain.name,
        endpoints=gpus,
        planes=1,
        link_bit_s=domain.link_bit_s,
        tier=np.zeros(gpus, dtype=np.int8),
        plane=np.full(gpus, -1, dtype=np.int16),
        rail=np.full(gpus, -1, dtype=np.int16),
        group=(np.arange(gpus) // domain.gpus_per_tray).astype(np.int32),
        number=(np.arange(gpus) % domain.gpus_per_tray).astype(np.int32),
        lower=low.astype(np.int32),
        upper=high.astype(np.int32),
        lower_port=((high - 1) * each + turn).astype(np.int32),
        upper_port=(low * each + turn).astype(np.int32),
        switch_ports=0,
        port_group=1,
    )
