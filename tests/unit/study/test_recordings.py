"""A recording in place of the roadmap's training step: on the study's own step, its time and energy kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.power import PowerQuestions, study_power
from rackwright.study.utility import recorded

EXAMPLES = Path(__file__).parents[3] / "examples"


def written(place: Path, step_s: float, length_s: float, period_s: float = 2.5) -> Path:
    """90 kW, and 130 kW for the first 1.8 s of every period."""
    time_s = np.arange(0.0, length_s + step_s / 2, step_s)
    power_kw = np.where(np.mod(time_s + 1e-9, period_s) < 1.8, 130.0, 90.0)
    lines = [f"{t:.4f},{p}" for t, p in zip(time_s, power_kw, strict=True)]
    place.write_text("\n".join(["time [s],power [kW]", *lines]))
    return place


@pytest.mark.parametrize("step_s", [0.02, 0.01, 0.004])
def test_a_recording_keeps_its_time_and_its_energy_on_another_step(tmp_path, step_s):
    wave = recorded(written(tmp_path / "trace.csv", step_s, 10.0), 1e-3, 60.0)
    assert wave.step_s == 1e-3
    assert wave.length_s == pytest.approx(10.0, abs=2 * step_s)
    # 1.8 s at 130 kW and 0.7 s at 90 kW; the edges are read straight between rows
    assert float(wave.power_w[: round(2.5 / 1e-3)].mean()) == pytest.approx(118.8e3, rel=0.005)
    assert wave.power_w[1000] == pytest.approx(130e3)
    assert wave.power_w[2200] == pytest.approx(90e3)


def test_rows_too_far_apart_for_the_utilitys_band_are_refused(tmp_path):
    with pytest.raises(ProgramError, match="25 ms apart"):
        recorded(written(tmp_path / "trace.csv", 1.0, 30.0), 1e-2, 60.0)


def test_a_short_recording_is_studied_on_the_bus_and_at_the_utility(tmp_path):
    file = written(tmp_path / "trace.csv", 0.01, 6.0)
    outcome = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    studied = study_power(outcome, PowerQuestions(motion=True, utility=True, waveform=file, site="abilene"))
    by_name = {table.name: table.rows() for table in studied.rack.tables}
    wave = [row for row in by_name["rack.power_wave"] if row["generation"] == "gb300"]
    # trays follow the recording in its own time: at 1 s full, at 2.2 s low
    at = {round(row["time_s"], 3): row["load_w"] for row in wave}
    assert at[2.2] / at[1.0] == pytest.approx(90 / 130, rel=1e-6)
    assert {row["event"] for row in by_name["rack.power_events"]} >= {"the recording", "input gone for 10 ms"}
    # a dip half a minute in, though the record is six seconds long: it goes on from its start
    assert all(row["dropped_w"] >= 0 for row in by_name["rack.power_dips"])
    strongest = max(by_name["rack.power_spectrum"], key=lambda row: row["rms_w"])
    assert strongest["frequency_hz"] == pytest.approx(0.4, abs=0.1)
