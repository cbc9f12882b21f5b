"""What a short circuit on a rack's bus draws, what cuts it off and in which order, and what a fault to earth does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rackwright.program.case import Case
from rackwright.program.sections.parts import Protector
from rackwright.program.sections.rack import Earthing as EarthingSection
from rackwright.rack.design import RackDesign
from rackwright.rack.power.protection import (
    Device,
    Earthing,
    ElectronicBreaker,
    Fuse,
    MechanicalBreaker,
    Placed,
    ProtectionFinding,
    arc_bounds,
    arc_finding,
    bar_faults,
    body_current_a,
    earthing_findings,
    fault_current,
    first_fault,
    second_fault,
    study_chain,
)
from rackwright.rack.power.protection.arc import LONGEST_S
from rackwright.rack.power.protection.faults import Fault
from rackwright.rack.power.protection.network import FaultNetwork
from rackwright.rack.power.supplies.shelf import pulse_share
from rackwright.study.steadiness import moving_bar
from rackwright.tables import Finding, Standing, cap, not_modelled

#: Length of time that a fault is followed.
FAULT_S = 0.02
#: Below this a bus is extra-low voltage for direct current: a fault to earth is no shock (60 V, IEC 61140).
EXTRA_LOW_V = 60.0
#: Where a person works at an open tray (IEEE 1584's working distance for low-voltage panels). [m]
WORKING_M = 0.455
#: An arc in a box, as it is used with Doan's method; from knowledge, not opened.
BOX_FACTOR = 3.0

#: How a check's name ends: its rule, and the attribute of the device that limits it.
RULES = (
    (", steady currents", "rack.power.selectivity_overload", "curve"),
    (": breaking capacity", "rack.power.breaking_capacity", "breaking"),
    (": voltage", "rack.power.protector_voltage", "voltage"),
    (": opens", "rack.power.fault_opens", "trip"),
    (": let-through", "rack.power.let_through", "clearing"),
    (": L/R", "rack.power.fuse_time_constant", "time_constant"),
)
PAIR = ("rack.power.selectivity", "trip")
BUS, TRAY = "bus", "tray"
#: How firm a limit is, in the findings' words.
STANDING_OF: dict[str, Standing] = {
    "accepted standard": "standard",
    "draft": "draft",
    "roadmap": "roadmap",
    "estimate": "estimate",
    "assumed": "estimate",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a bolted fault, and the lines that its current passes from the shelves on."""

    name: str
    node: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Faulted:
    """A rack's bus with its sources of fault current, and where faults are tried."""

    network: FaultNetwork
    places: tuple[Place, ...]
    system_v: float


def faulted_bus(case: Case, design: RackDesign) -> Faulted | None:
    """The bus behind its joints, its far end, and the inputs of the first and the last tray; None without a bar."""
    if not design.power.shelves:
        return None
    bar, henry, supply = moving_bar(case, design)
    if not len(bar.segments):
        return None
    rack = case.rack[design.generation]
    motion, behind = rack.power.motion, rack.power.protection
    farad = 2 * float(bar.loads_w.mean()) * motion.input_hold_s / bar.shelf.output_v**2
    near = bar.network.nodes[int(bar.network.second[bar.segments[0]])]
    far = bar.network.nodes[int(bar.taps[-1])]
    trays = {bar.names[0]: bar.network.nodes[int(bar.taps[0])], bar.names[-1]: far}
    ohm, inductance = (behind.tray_ohm, behind.tray_henry) if behind else (0.2e-3, 0.2e-6)
    stubs = {f"input of {name} at {node}": (node, ohm, inductance) for name, node in trays.items()}
    network = bar_faults(
        bar.network, line_henry=henry, supply_farad=supply.farad, supply_esr_ohm=supply.esr_ohm,
        tray_farad=farad, tray_esr_ohm=motion.esr_s / farad, limit_a=pulse_share(bar.shelf) * bar.rated_a, stubs=stubs,
    )  # fmt: skip
    foot = bar.network.lines[0]
    places = [Place(node, node, (foot,)) for node in dict.fromkeys((near, far))]
    places += [Place(f"behind the {stub}", f"{stub} end", (foot, stub)) for stub in stubs]
    return Faulted(network, tuple(places), bar.shelf.output_v)


def fault_rows(generation: str, bus: Faulted) -> Iterator[tuple[Any, ...]]:
    """A bolted fault at each place: peak, its instant, I2t, who gives it.

    Not at the foot itself: there the capacitors' own resistance is all that a bolted fault leaves.
    """
    for place in bus.places:
        found = fault_current(bus.network, place.node, end_s=FAULT_S, watch=())
        yield (
            generation,
            place.name,
            found.peak_a,
            found.fault.peak_s,
            found.i2t_a2s,
            found.fault.last_a,
            _givers(found),
        )


def _givers(found: Fault) -> str:
    """Shares of the kinds of sources at the peak."""
    total = sum(abs(part.at_peak_a) for part in found.contributions)
    kinds: dict[str, float] = {}
    for part in found.contributions:
        kinds[part.kind] = kinds.get(part.kind, 0.0) + abs(part.at_peak_a)
    shares = sorted(kinds.items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {100 * value / total:.0f} %" for kind, value in shares) if total else ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check at one place, with the program path of its limit."""

    place: str
    rule: str
    source: str
    found: ProtectionFinding


def protection_checks(case: Case, design: RackDesign, bus: Faulted) -> list[Checked]:
    """Every device's limits and every pair's order, in a fault behind each tray's input and on the bar."""
    rack = case.rack[design.generation]
    section = rack.power.protection
    if section is None:
        return []
    devices: dict[str, tuple[str, Device]] = {}
    for side, name in ((BUS, section.bus), (TRAY, section.tray)):
        if name is not None:
            devices[side] = (f"catalogue.protectors.{name}", device_of(side, name, case.catalogue.protectors[name]))
    found: list[Checked] = []
    for place in bus.places:
        chain = [Placed(devices[BUS][1], place.lines[0])] if BUS in devices else []
        if TRAY in devices and len(place.lines) > 1:
            chain.append(Placed(devices[TRAY][1], place.lines[1], section.tray_bears_a2s))
        if chain:
            study = study_chain(bus.network, place.node, chain, end_s=FAULT_S, system_v=bus.system_v)
            found += [_checked(place.name, item, devices, design.generation) for item in study.findings]
    return found


def _checked(place: str, item: ProtectionFinding, devices: dict[str, tuple[str, Device]], generation: str) -> Checked:
    rule, attribute = next(((rule, name) for end, rule, name in RULES if item.name.endswith(end)), PAIR)
    if rule == "rack.power.let_through":
        return Checked(place, rule, f"rack.{generation}.power.protection.tray_bears", item)
    # of a pair the limit is the device farther from the fault
    limiting = item.name.split(" before ")[-1]
    path, device = next(one for one in devices.values() if limiting.startswith(one[1].name))
    if attribute == "trip" and isinstance(device, Fuse):
        attribute = "melting"
    return Checked(place, rule, f"{path}.{attribute}", item)


def device_of(place: str, name: str, part: Protector) -> Device:
    """A catalogue's device where it stands.

    >>> from rackwright.program.sections.parts import Protector
    >>> part = Protector.model_construct(
    ...     kind="fuse", rating_a=200.0, voltage_v=80.0, breaking_a=2e4, melting_a2s=4e3, clearing_a2s=9e3,
    ...     time_constant_s=None, curve=())
    >>> device_of("tray", "my-fuse", part).name
    'my-fuse (tray)'
    """
    said = f"{name} ({place})"
    curve = tuple((point.current_a, point.time_s) for point in part.curve)
    if part.kind == "fuse":
        return Fuse(
            said, part.rating_a, part.voltage_v, part.breaking_a, part.melting_a2s or 0.0, part.clearing_a2s or 0.0,
            curve=curve, time_constant_s=part.time_constant_s,
        )  # fmt: skip
    trip_a, opening_s = part.trip_a or 0.0, part.opening_s or 0.0
    if part.kind == "breaker":
        return MechanicalBreaker(
            said, part.rating_a, part.voltage_v, part.breaking_a, trip_a, opening_s, hold_s=part.hold_s, curve=curve
        )
    return ElectronicBreaker(
        said, part.rating_a, part.voltage_v, part.breaking_a, trip_a, opening_s,
        hold_s=part.hold_s, fall_s=part.fall_s, curve=curve,
    )  # fmt: skip


def check_rows(generation: str, checks: Sequence[Checked]) -> Iterator[tuple[Any, ...]]:
    """Every check at every place."""
    for item in checks:
        told = {True: "passed", False: "failed", None: "not modelled"}[item.found.holds]
        yield (
            generation, item.place, item.found.name, told, item.found.value, item.found.limit, item.found.unit,
            item.found.text,
        )  # fmt: skip


def protection_findings(generation: str, checks: Sequence[Checked]) -> Iterator[Finding]:
    """The worst of each check over the places; what the study does not say without the user's devices."""
    if not checks:
        yield not_modelled(
            "rack.power.protection",
            generation,
            "breaking capacity, let-through and selectivity need the devices' data, which no data sheet read gives; "
            "name them under power.protection",
            f"rack.{generation}.power.protection",
        )
        return
    by_name: dict[tuple[str, str], list[Checked]] = {}
    for item in checks:
        by_name.setdefault((item.rule, item.found.name), []).append(item)
    for found in by_name.values():
        worst = min(found, key=_badness)
        yield _finding(generation, worst, f"{worst.found.name}, fault {_at(worst.place)}: {worst.found.text}")


def _at(place: str) -> str:
    return place if place.startswith("behind") else f"at {place}"


def _badness(item: Checked) -> tuple[int, float]:
    """Failed first, then what is not told, then by what is left of the limit."""
    margin = item.found.margin_share
    return {False: 0, None: 1, True: 2}[item.found.holds], math.inf if margin is None else margin


def _finding(generation: str, item: Checked, text: str) -> Finding:
    found = item.found
    if found.holds is None:
        return not_modelled(item.rule, generation, text, item.source)
    standing = STANDING_OF.get(found.standing, "user")
    return Finding(
        item.rule, generation, "passed" if found.holds else "failed", found.value, found.limit, found.unit,
        found.margin_share, cap("error", standing), standing, item.source, text,
    )  # fmt: skip


def earth_rows(case: Case, design: RackDesign, bus: Faulted) -> Iterator[tuple[Any, ...]]:
    """The first fault of either pole to earth, and the second one on the other pole in another rack."""
    section = case.rack[design.generation].power.earthing
    if section is None or bus.system_v <= EXTRA_LOW_V:
        return
    earthing = earthing_of(design.generation, section, bus.system_v)
    frame = section.frame_ohm
    for pole in ("upper", "lower"):
        fault = first_fault(earthing, pole, frame_ohm=frame)
        second = second_fault(earthing, first_ohm=frame, second_ohm=frame) if frame else None
        yield (
            design.generation, pole, fault.fault_a, fault.healthy_v, fault.connection_a, fault.frame_v,
            body_current_a(earthing, pole), fault.capacitive_j, fault.seen_by or "nothing", fault.seen_after_s,
            second.current_a if second else None, second.frame_v[1] if second else None,
        )  # fmt: skip


def earth_findings(case: Case, design: RackDesign, bus: Faulted) -> Iterator[Finding]:
    """Insulation of the healthy pole, whether the fault is seen, and the touch voltage; above extra-low voltage only."""
    if bus.system_v <= EXTRA_LOW_V:
        return
    generation, path = design.generation, f"rack.{design.generation}.power.earthing"
    section = case.rack[generation].power.earthing
    if section is None:
        text = f"a bus of {bus.system_v:g} V: say how it stands to earth and what watches it"
        yield not_modelled("rack.power.earthing", generation, text, path)
        return
    earthing = earthing_of(generation, section, bus.system_v)
    limits = {"insulation": "insulation_rating", "seen": "relay" if section.relay_a else "monitor"}
    checks = earthing_findings(earthing, insulation_rated_v=section.insulation_v, frame_ohm=section.frame_ohm)
    by_what: dict[str, list[Checked]] = {}
    for found in checks:
        what = found.name.rsplit(": ", 1)[-1].replace(" ", "_")
        source = f"{path}.{limits[what]}" if what in limits else "IEC 60364-4-41, as known; not opened"
        by_what.setdefault(what, []).append(Checked("", f"rack.power.earth_{what}", source, found))
    for items in by_what.values():
        worst = min(items, key=_badness)
        yield _finding(generation, worst, f"{worst.found.name.split(', ', 1)[-1]}: {worst.found.text}")


def arc_findings(design: RackDesign, bus: Faulted) -> Iterator[Finding]:
    """An arc's upper estimate at an open rack: the most that the sources can give, for as long as anybody stays.

    No device is counted on: an arc may draw too little to trip what a bolted fault trips at once.
    """
    power_w, stored_j = arc_bounds(bus.network)
    found = arc_finding(
        "arc", power_w=power_w, time_s=LONGEST_S, distance_m=WORKING_M, stored_j=stored_j, enclosure_factor=BOX_FACTOR
    )
    text = (
        f"{found.text}, in an open box (x {BOX_FACTOR:g}); no device is counted on, since an arc may draw less than trips "
        "it; at 50 V whether it burns at all is not asked"
    )
    yield not_modelled("rack.power.arc", design.generation, text, f"rack.{design.generation}.power.protection")


def earthing_of(generation: str, section: EarthingSection, volt: float) -> Earthing:
    """The program's earthing: poles at plus and minus half of the voltage, or one pole at the earthed return."""
    upper_v, lower_v = (volt, 0.0) if section.point == "negative" else (volt / 2, -volt / 2)
    return Earthing(
        generation, upper_v, lower_v, section.point,
        earth_ohm=math.inf if section.resistance_ohm is None else max(section.resistance_ohm, 1e-6),
        insulation_ohm=section.insulation_ohm, capacitance_f=section.capacitance_f, monitor_ohm=section.monitor_ohm,
        monitor_s=section.monitor_s, relay_a=section.relay_a, standing="user",
    )  # fmt: skip
