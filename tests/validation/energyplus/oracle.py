"""Runs EnergyPlus on one machine and one loop, and reads its hours back."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

HERE = Path(__file__).parent
HOURS = 8760


@dataclass(frozen=True)
class Run:
    """Hourly results by (key, variable), both in capitals; shape (8760,)."""

    hourly: dict[tuple[str, str], np.ndarray]
    complaints: str

    def __getitem__(self, name):
        """`"NODE: variable"`, or `"variable"` alone where only one key has it."""
        key, _, variable = name.rpartition(": ")
        found = [v for (k, n), v in self.hourly.items() if n == variable.upper() and key.upper() in ("", k)]
        assert len(found) == 1, (name, sorted(self.hourly))
        return found[0]


def weather_files(folder: Path) -> dict[str, Path]:
    """Weather files by the name of their place."""
    return {path.name.split("_")[2].split(".")[0]: path for path in sorted(folder.glob("*.epw"))}


def read_epw(path: Path) -> dict[str, np.ndarray]:
    """Dry bulb, dew point [degC], relative humidity [%], pressure [Pa] of a weather file: columns 7 to 10."""
    rows = [line.split(",") for line in path.read_text(encoding="latin-1").splitlines()[8:]]
    names = {"dry_c": 6, "dew_c": 7, "humidity_percent": 8, "pressure_pa": 9}
    return {name: np.array([float(row[column]) for row in rows]) for name, column in names.items()}


def run(binary: str, version: str, epw: Path, folder: Path, parts: list[str], load_w: np.ndarray, **values) -> Run:
    """Run EnergyPlus over a year in `folder` with the templates `parts` filled from `values`.

    The racks' load is given to it hour by hour; a load that warms the water counts as negative there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join((HERE / f"{part}.idf").read_text(encoding="utf-8") for part in ["common", *parts])
    (folder / "in.idf").write_text(Template(text).substitute(values, version=version), encoding="utf-8")
    (folder / "load.csv").write_text("\n".join(f"{-one:.6f}" for one in load_w) + "\n", encoding="utf-8")
    command = [binary, "-w", str(epw), "-d", str(folder), "in.idf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    complaints = (folder / "eplusout.err").read_text(encoding="latin-1")
    assert done.returncode == 0, complaints[-4000:] + done.stderr[-2000:]
    return Run(read_eso(folder / "eplusout.eso"), complaints)


def read_eso(path: Path) -> dict[tuple[str, str], np.ndarray]:
    """Hourly series of EnergyPlus' standard output: a dictionary of numbers, then `number,value` lines."""
    names: dict[str, tuple[str, str]] = {}
    values: dict[str, list[float]] = {}
    with path.open(encoding="latin-1") as lines:
        for line in lines:
            if line.startswith("End of Data Dictionary"):
                break
            fields = line.strip().split(",", 3)
            if len(fields) == 4 and "!Hourly" in fields[3]:
                names[fields[0]] = (fields[2].upper(), fields[3].split(" [")[0].upper())
                values[fields[0]] = []
        for line in lines:
            number, _, rest = line.partition(",")
            if number in values:
                values[number].append(float(rest.split(",")[0]))
    return {names[number]: np.array(series) for number, series in values.items() if len(series) == HOURS}
