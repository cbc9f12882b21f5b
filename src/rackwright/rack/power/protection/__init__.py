"""What a fault draws, what cuts it off and in which order, what earth does, what an arc may give."""

from rackwright.rack.power.protection.arc import ArcEnergy, arc_bounds, arc_energy, arc_finding, most_arc_power_w
from rackwright.rack.power.protection.bar import bar_faults
from rackwright.rack.power.protection.devices import (
    Cleared,
    Device,
    ElectronicBreaker,
    Fuse,
    MechanicalBreaker,
    device_findings,
    let_through_a,
    withstand_a2s,
)
from rackwright.rack.power.protection.faults import Contribution, Fault, fault_current
from rackwright.rack.power.protection.finding import STANDINGS, ProtectionFinding
from rackwright.rack.power.protection.grounding import (
    EarthFault,
    Earthing,
    SecondFault,
    body_current_a,
    earthing_findings,
    first_fault,
    leakage_capacitance_f,
    lost_pole_findings,
    second_fault,
)
from rackwright.rack.power.protection.network import FaultBuilder, FaultNetwork
from rackwright.rack.power.protection.selectivity import ChainStudy, Placed, curves_apart, selective, study_chain
from rackwright.rack.power.protection.sources import Bridge, Discharge, Rise, battery_rise, bridge, capacitor_discharge
from rackwright.rack.power.protection.wave import Wave

__all__ = [
    "STANDINGS",
    "ArcEnergy",
    "Bridge",
    "ChainStudy",
    "Cleared",
    "Contribution",
    "Device",
    "Discharge",
    "EarthFault",
    "Earthing",
    "ElectronicBreaker",
    "Fault",
    "FaultBuilder",
    "FaultNetwork",
    "Fuse",
    "MechanicalBreaker",
    "Placed",
    "ProtectionFinding",
    "Rise",
    "SecondFault",
    "Wave",
    "arc_bounds",
    "arc_energy",
    "arc_finding",
    "bar_faults",
    "battery_rise",
    "body_current_a",
    "bridge",
    "capacitor_discharge",
    "curves_apart",
    "device_findings",
    "earthing_findings",
    "fault_current",
    "first_fault",
    "leakage_capacitance_f",
    "let_through_a",
    "lost_pole_findings",
    "most_arc_power_w",
    "second_fault",
    "selective",
    "study_chain",
    "withstand_a2s",
]
