"""Waveforms of power: a training step made of its parts, derived from a step's times, or read from a recording."""

from __future__ import annotations

from rackwright.rack.power.waveforms.trace import read_waveform
from rackwright.rack.power.waveforms.training import step_of_roadmap, training_step
from rackwright.rack.power.waveforms.waveform import Waveform

__all__ = ["Waveform", "read_waveform", "step_of_roadmap", "training_step"]
