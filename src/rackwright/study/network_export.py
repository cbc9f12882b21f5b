"""A cluster's fabric in other programs' files: NetBox imports, InfraGraph, Excel workbooks by row of racks, addresses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from rackwright.errors import Problem, ProgramError
from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.network.cabling.cut_list import CutList
from rackwright.rack.network.exchange.addresses import addresses
from rackwright.rack.network.exchange.infragraph import write_infragraph
from rackwright.rack.network.exchange.netbox import DeviceForm, write_netbox
from rackwright.rack.network.exchange.workbooks import write_workbooks
from rackwright.rack.network.topology.wiring import Wiring
from rackwright.rack.pieces import adapters_of, pieces_of

#: Words of `--as`.
EXPORTS = ("netbox", "infragraph", "excel")
#: Those that need every cable laid.
OF_CABLES = frozenset({"netbox", "excel"})
#: Private prefixes (RFC 4193 and RFC 1918) that addresses are dealt from; each generation has a /48 of its own.
IPV6 = "fd00:0:{generation:x}::/48"
SITE = "hall"
#: NetBox's word for a cage, by the cage in our catalogue; `other` where its list has none that is sure.
INTERFACES = {"osfp-twin": "800gbase-x-osfp", "qsfp112": "400gbase-x-qsfp112"}


def exports_of(words: Sequence[str]) -> tuple[str, ...]:
    """The files that are asked for; none named: all.

    Raises
    ------
    ProgramError
        Where a word is none of netbox, infragraph and excel.
    """
    wrong = [word for word in words if word not in EXPORTS]
    if wrong:
        raise ProgramError(
            [
                Problem(file="--as", line=0, path="--as", found=word, expected="one of " + ", ".join(EXPORTS))
                for word in wrong
            ]
        )
    return tuple(word for word in EXPORTS if word in words) or EXPORTS


def write_wiring(wiring: Wiring, generation: str, number: int, folder: Path, asked: Sequence[str]) -> Iterator[Path]:
    """What needs no cables: addresses of every port with its plane and rail, and InfraGraph where asked.

    `number` counts generations: each has a prefix of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = addresses(wiring, IPV6.format(generation=number))
    path = folder / f"{generation}.addresses.csv"
    table.write_csv(path)
    yield path
    if "infragraph" in asked:
        path = folder / f"{generation}.infragraph.json"
        write_infragraph(wiring, path)
        yield path


def write_cables(case: Case, design: RackDesign, cuts: CutList, folder: Path, asked: Sequence[str]) -> Iterator[Path]:
    """What needs every cable: NetBox's import files and the workbooks of rows."""
    generation = design.generation
    if "netbox" in asked:
        yield from write_netbox(cuts, folder / f"{generation}.netbox", device_forms(case, design), site=SITE)
    if "excel" in asked:
        yield from write_workbooks(cuts, folder / f"{generation}.excel")


def device_forms(case: Case, design: RackDesign) -> tuple[DeviceForm, ...]:
    """The tray of adapters, leaves, spines and cores as NetBox takes devices.

    Models are names of the program and of the catalogue; a maker is not a field of the catalogue and is `unknown`.
    """
    rack = case.rack[design.generation]
    piece = next(iter(adapters_of(pieces_of(rack, case.catalogue))))
    tray, switch = rack.trays[piece.tray], case.catalogue.switches[rack.network.switch]
    height_ru = max(math.ceil(switch.height_ru), 1)
    own = DeviceForm(
        "unknown", f"{design.generation} {piece.tray}", max(math.floor(tray.height_ru), 1),
        INTERFACES.get(rack.network.adapter_cage, "other"),
    )  # fmt: skip
    word = INTERFACES.get(rack.network.switch_cage, "other")
    return (own, *(DeviceForm("unknown", f"{rack.network.switch} {tier}", height_ru, word) for tier in TIERS))


TIERS = ("leaf", "spine", "core")
