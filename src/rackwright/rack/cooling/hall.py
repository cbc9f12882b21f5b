"""A hall's loop as a network: chips on plates, plates in trays, trays on manifolds, racks on headers, CDUs.

Every rack hangs between a supply and a return header that may be closed into rings. A rack is two hoses, two manifolds
with a port for each tray, and per tray an inlet coupling, its plates, and an outlet coupling. Plates of one kind form
parallel paths, each of one or more plates in series; identical paths of a tray are one link that carries their sum. CDUs
stand in parallel between return and supply: pumps with check valves, then an exchanger. One expansion vessel sets the
pressure of the return header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.heat.warm import Cooler
from rackwright.rack.cooling.hydraulics.build import NetworkBuilder
from rackwright.rack.cooling.hydraulics.network import Floats, Ints, Network

#: Drop of cold plates by flow (OCP OAI System Liquid Cooling Guidelines, as fitted in the Buildings library).
PLATE_EXPONENT = 1.85


@dataclass(frozen=True, slots=True)
class Plates:
    """One kind of cold plate in a tray: `per_tray` of them, `series` in each path.

    `flow_m3_s` and `drop_pa` are a path's design point; `curve_m3_s` and `curve_k_w` the plate's resistance, case to its
    own inlet. `junction_k_w` is 0 where the case is what counts.
    """

    chip: str
    per_tray: int
    heat_w: float
    flow_m3_s: float
    drop_pa: float
    curve_m3_s: tuple[float, ...]
    curve_k_w: tuple[float, ...]
    limit_k: float | None = None
    series: int = 1
    junction_k_w: float = 0.0

    @property
    def paths(self) -> int:
        """Parallel paths of a tray."""
        return -(-self.per_tray // self.series)


@dataclass(frozen=True, slots=True)
class Tray:
    """`count` alike trays of a rack, with a coupling at each end.

    `other_w` is heat of one tray that reaches the liquid beside the named chips (boards, memory); it goes into the stream
    of the first plates.
    """

    name: str
    count: int
    coupling_kv_m3_h: float
    plates: tuple[Plates, ...]
    other_w: float = 0.0


@dataclass(frozen=True, slots=True)
class RackLoop:
    """One kind of rack. An `orifice_kv_m3_h` or a `picv_kg_s` (with its least drop) stands in the supply hose."""

    name: str
    trays: tuple[Tray, ...]
    hose_m: float
    hose_diameter_m: float
    manifold_diameter_m: float
    port_pitch_m: float
    roughness_m: float = 1.5e-6
    orifice_kv_m3_h: float | None = None
    picv_kg_s: float | None = None
    picv_least_pa: float = 30e3

    @property
    def heat_w(self) -> float:
        """Heat that the liquid takes from the rack."""
        return sum(
            tray.count * (tray.other_w + sum(plates.per_tray * plates.heat_w for plates in tray.plates))
            for tray in self.trays
        )


@dataclass(frozen=True, slots=True)
class Cdu:
    """A CDU: `pumps` alike in parallel (rise = shutoff - falloff V^2 each, at full speed), then its exchanger.

    `exchanger_pa_s2_m6` is the exchanger's own drop over the square of the volume flow.
    """

    name: str
    pumps: int
    shutoff_pa: float
    falloff: float
    exchanger_pa_s2_m6: float
    ua_w_k: float
    rated_kg_s: float
    primary_rated_kg_s: float
    capacity_w: float
    pump_efficiency: float = 0.6
    primary_heat_j_kg_k: float = 4180.0
    #: Share of the exchanger's resistance on the racks' side at the rated flows; the other side has the rest.
    secondary_share: float = 0.5
    #: Fouling in the wall as a share of the rated resistance.
    fouling_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Headers:
    """Supply and return headers: one section per place of a rack, closed into rings or open at the far end."""

    diameter_m: float
    pitch_m: float
    ring: bool = True
    roughness_m: float = 4.5e-5


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a chip sits: plates of one kind at one place of the series, in one tray of one rack."""

    rack: int
    tray: str
    chip: str
    plates: Plates
    place: int


@dataclass(frozen=True, eq=False)
class Hall:
    """A hall's network with the meaning of its links.

    `spots` are chips by (rack, tray, kind, place in series); `spot_link` their links, each with the flow of all paths of
    the tray; `spot_paths` how many share it. `rack_link` is each rack's supply hose.
    """

    network: Network
    racks: tuple[RackLoop, ...]
    cdus: tuple[Cdu, ...]
    spots: tuple[Spot, ...]
    spot_link: Ints
    spot_paths: Floats
    rack_link: Ints
    cdu_link: Ints
    source_w: Floats
    coolers: tuple[Cooler, ...]
    coupling_links: Ints

    @property
    def rack_of_link(self) -> NDArray[np.int32]:
        """Number of the rack that a link belongs to, -1 for headers and CDUs."""
        found = np.full(len(self.network.links), -1, np.int32)
        for at, name in enumerate(self.network.links):
            if name.startswith("rack "):
                found[at] = int(name.split("/", 1)[0][5:]) - 1
        return found


def add_rack(
    build: NetworkBuilder, number: int, rack: RackLoop, supply: str, back: str
) -> list[tuple[Spot, str, float, float]]:
    """Declare a rack's links between two nodes; its chips with link, number of paths and heat of the link."""
    here = f"rack {number + 1}"
    found: list[tuple[Spot, str, float, float]] = []
    build.junction(f"{here}/in")
    build.junction(f"{here}/out")
    hose: dict[str, Any] = {
        "length_m": rack.hose_m,
        "diameter_m": rack.hose_diameter_m,
        "roughness_m": rack.roughness_m,
    }
    start = supply
    if rack.orifice_kv_m3_h is not None:
        build.junction(f"{here}/trim")
        build.kv(f"{here}/orifice", start, f"{here}/trim", kv_m3_h=rack.orifice_kv_m3_h)
        start = f"{here}/trim"
    elif rack.picv_kg_s is not None:
        build.junction(f"{here}/trim")
        build.valve(
            f"{here}/picv", start, f"{here}/trim", kind="picv", setting=rack.picv_kg_s,
            least_drop_pa=rack.picv_least_pa, diameter_m=rack.hose_diameter_m,
        )  # fmt: skip
        start = f"{here}/trim"
    build.pipe(f"{here}/supply hose", start, f"{here}/in", minor_k=1.5, **hose)
    build.pipe(f"{here}/return hose", f"{here}/out", back, minor_k=1.5, **hose)
    left, right = f"{here}/in", f"{here}/out"
    bar: dict[str, Any] = {
        "length_m": rack.port_pitch_m,
        "diameter_m": rack.manifold_diameter_m,
        "roughness_m": rack.roughness_m,
    }
    for tray in rack.trays:
        for place in range(tray.count):
            name = f"{here}/{tray.name} {place + 1}"
            ends = [f"{name}/port in", f"{name}/port out", f"{name}/in", f"{name}/out"]
            for node in ends:
                build.junction(node)
            build.pipe(f"{name}/manifold in", left, ends[0], **bar)
            build.pipe(f"{name}/manifold out", ends[1], right, **bar)
            left, right = ends[0], ends[1]
            build.kv(f"{name}/coupling in", ends[0], ends[2], kv_m3_h=tray.coupling_kv_m3_h)
            build.kv(f"{name}/coupling out", ends[3], ends[1], kv_m3_h=tray.coupling_kv_m3_h)
            for at, plates in enumerate(tray.plates):
                other_w = 0.0 if at else tray.other_w
                found += _add_plates(build, number, name, tray.name, plates, ends[2], ends[3], other_w)
    return found


def _add_plates(
    build: NetworkBuilder, number: int, name: str, tray: str, plates: Plates, first: str, last: str, other_w: float
) -> list[tuple[Spot, str, float, float]]:
    """The paths of one kind of plate in one tray: one link for each place of the series, all paths together."""
    found = []
    paths = plates.paths
    share = plates.drop_pa / -(-plates.per_tray // plates.paths)
    coefficient = share / (paths * plates.flow_m3_s) ** PLATE_EXPONENT
    start = first
    places = -(-plates.per_tray // paths)
    for place in range(places):
        end = last
        if place < places - 1:
            end = f"{name}/{plates.chip} after {place + 1}"
            build.junction(end)
        link = f"{name}/{plates.chip}" + (f" {place + 1}" if places > 1 else "")
        build.power(link, start, end, coefficient=coefficient, exponent=PLATE_EXPONENT)
        chips = min(paths, plates.per_tray - place * paths)
        heat_w = chips * plates.heat_w + (0.0 if place else other_w)
        found.append((Spot(number, tray, plates.chip, plates, place), link, float(paths), heat_w))
        start = end
    return found


def build_hall(
    racks: Sequence[RackLoop],
    cdus: Sequence[Cdu],
    headers: Headers,
    *,
    vessel_pa: float,
    law: str = "colebrook",
    places: Sequence[int] | None = None,
) -> Hall:
    """A hall of racks in a row of places along the headers, CDUs spread evenly over it.

    Parameters
    ----------
    racks : sequence
        One entry a place; kinds may be mixed.
    vessel_pa : float
        Absolute pressure of the expansion vessel at the return header. [Pa]
    places : sequence of int, optional
        Place of each CDU along the headers; evenly spread where left out.
    """
    build = NetworkBuilder(law=law)
    add_headers(build, len(racks), headers, vessel_pa)
    found = [
        item
        for number, rack in enumerate(racks)
        for item in add_rack(build, number, rack, f"supply {number + 1}", f"return {number + 1}")
    ]
    add_cdus(build, cdus, len(racks), places)
    network = build.network()
    at = network.link_number
    source_w = np.zeros(len(network.links))
    for _, link, _, heat_w in found:
        source_w[at[link]] += heat_w
    return Hall(
        network=network,
        racks=tuple(racks),
        cdus=tuple(cdus),
        spots=tuple(spot for spot, _, _, _ in found),
        spot_link=np.array([at[link] for _, link, _, _ in found], np.int32),
        spot_paths=np.array([paths for _, _, paths, _ in found]),
        rack_link=np.array([at[f"rack {number + 1}/supply hose"] for number in range(len(racks))], np.int32),
        cdu_link=np.array([at[f"cdu {number + 1}/exchanger"] for number in range(len(cdus))], np.int32),
        source_w=source_w,
        coolers=coolers_of(cdus),
        coupling_links=np.array([number for name, number in at.items() if "/coupling " in name], np.int32),
    )


def add_headers(build: NetworkBuilder, count: int, headers: Headers, vessel_pa: float) -> None:
    """Nodes `supply n` and `return n` of each place and the sections between them; the vessel holds `return 1`."""
    for number in range(count):
        build.junction(f"supply {number + 1}")
        if number:
            build.junction(f"return {number + 1}")
    build.fixed("return 1", pressure_pa=vessel_pa)
    pipe: dict[str, Any] = {
        "length_m": headers.pitch_m, "diameter_m": headers.diameter_m, "roughness_m": headers.roughness_m,
    }  # fmt: skip
    for number in range(count if headers.ring and count > 2 else count - 1):
        onward = (number + 1) % count + 1
        build.pipe(f"supply header {number + 1}", f"supply {number + 1}", f"supply {onward}", **pipe)
        build.pipe(f"return header {number + 1}", f"return {onward}", f"return {number + 1}", **pipe)


def add_cdus(build: NetworkBuilder, cdus: Sequence[Cdu], count: int, places: Sequence[int] | None) -> None:
    """CDUs between return and supply at their places; evenly spread where none are given."""
    spread = places or [int((at + 0.5) * count / len(cdus)) for at in range(len(cdus))]
    for number, (cdu, place) in enumerate(zip(cdus, spread, strict=True)):
        _add_cdu(build, number, cdu, f"return {place + 1}", f"supply {place + 1}")


def coolers_of(cdus: Sequence[Cdu]) -> tuple[Cooler, ...]:
    """The CDUs' exchangers."""
    return tuple(
        Cooler(
            link=f"cdu {number + 1}/exchanger",
            ua_w_k=cdu.ua_w_k,
            rated_kg_s=cdu.rated_kg_s,
            primary_rated_kg_s=cdu.primary_rated_kg_s,
            primary_heat_j_kg_k=cdu.primary_heat_j_kg_k,
            secondary_share=cdu.secondary_share,
            primary_share=1.0 - cdu.secondary_share,
            fouling_share=cdu.fouling_share,
        )
        for number, cdu in enumerate(cdus)
    )


def _add_cdu(build: NetworkBuilder, number: int, cdu: Cdu, back: str, supply: str) -> None:
    here = f"cdu {number + 1}"
    build.junction(f"{here}/after pumps")
    for pump in range(cdu.pumps):
        build.pump(
            f"{here}/pump {pump + 1}", back, f"{here}/after pumps", shutoff_pa=cdu.shutoff_pa, falloff=cdu.falloff
        )
    build.curve(
        f"{here}/exchanger", f"{here}/after pumps", supply, quadratic_pa_s2_m6=cdu.exchanger_pa_s2_m6, check=True
    )


def single_rack(rack: RackLoop, *, law: str = "colebrook") -> tuple[Network, list[tuple[Spot, str, float, float]]]:
    """One rack between `supply`, whose pressure is given, and `return`, where a demand draws its flow: its own curve."""
    build = NetworkBuilder(law=law)
    build.fixed("supply", pressure_pa=3e5)
    build.junction("return")
    found = add_rack(build, 0, rack, "supply", "return")
    return build.network(), found
