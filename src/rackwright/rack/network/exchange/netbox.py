"""NetBox files: device and module types in the form of the community's library, the rest as its CSV imports.

In NetBox a tray of adapters is one device, since adapters share its rack unit, and every cage's connector is an interface
named as on the labels; the legs of a breakout end on interfaces `04/1:1`, `04/1:2`, of which the physical port has one.
Boxes of shuffles are devices of no height with a rear port for every cord; which lane goes where inside them is the rule
of `Assembly` and is not written, for rear ports cannot say it. Modules sit in bays named by their cage.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import yaml

from rackwright.rack.network.cabling.media import Medium

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList

#: Columns of the CSV imports, in NetBox's words.
CABLE_COLUMNS = (
    "side_a_device", "side_a_type", "side_a_name", "side_b_device", "side_b_type", "side_b_name",
    "type", "status", "label", "length", "length_unit",
)  # fmt: skip
DEVICE_COLUMNS = ("name", "role", "manufacturer", "device_type", "status", "site", "rack", "position", "face")
RACK_COLUMNS = ("site", "name", "status", "width", "u_height")
MODULE_COLUMNS = ("device", "module_bay", "module_type", "status")
ROLES = ("compute-tray", "leaf", "spine", "core", "shuffle-box")
STATUS = "planned"


@dataclass(frozen=True, slots=True)
class DeviceForm:
    """What NetBox wants to know of a device: maker, model, height in rack units, NetBox's word for its interfaces."""

    manufacturer: str
    model: str
    height_ru: float
    interface_type: str = "other"
    full_depth: bool = True


@dataclass(frozen=True, slots=True)
class _Type:
    """A device type: its form, a model name of its own, its interfaces and bays, the tier it serves."""

    form: DeviceForm
    model: str
    interfaces: tuple[str, ...]
    bays: tuple[str, ...]


def write_netbox(
    cuts: CutList,
    folder: Path,
    forms: Sequence[DeviceForm],
    *,
    site: str,
    module_maker: str = "unknown",
    rack_width_in: int = 19,
) -> list[Path]:
    """Write every import file; the answer lists them in the order in which NetBox takes them.

    `forms` are those of the tray of adapters, of leaves, spines and cores. Device types have the ports that the fabric
    uses; where devices of one tier use cages in unlike ways, each way is a type of its own. `rack_width_in` is the width
    between posts in inches, of which NetBox knows 10, 19, 21 and 23.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ends = _ends(cuts)
    modules = _modules(cuts)
    of_device, types = _device_types(cuts, ends, modules, forms)
    makers = sorted({form.manufacturer for form in forms} | {module_maker})
    paths = [
        _csv(folder / "manufacturers.csv", ("name", "slug"), ((name, slug(name)) for name in makers)),
        _csv(folder / "sites.csv", ("name", "slug", "status"), [(site, slug(site), STATUS)]),
        _csv(folder / "device-roles.csv", ("name", "slug", "color"), ((role, role, "9e9e9e") for role in ROLES)),
        _csv(folder / "racks.csv", RACK_COLUMNS, _racks(cuts, site, rack_width_in)),
    ]
    paths += [_device_type(folder, one) for one in types]
    paths += _boxes_type(folder, cuts, ends, module_maker)
    paths += [
        _yaml(folder / "module-types" / slug(module_maker) / f"{slug(name)}.yaml",
              {"manufacturer": module_maker, "model": name})
        for name in sorted(modules["module_type"].unique().to_list())
    ]  # fmt: skip
    paths.append(
        _csv(folder / "devices.csv", DEVICE_COLUMNS, _devices(cuts, ends, of_device, types, site, module_maker))
    )
    paths.append(_csv(folder / "modules.csv", MODULE_COLUMNS, modules.select(MODULE_COLUMNS).iter_rows()))
    paths.append(_csv(folder / "cables.csv", CABLE_COLUMNS, _cables(cuts, ends)))
    return paths


def slug(name: str) -> str:
    """Lower case letters, digits and hyphens.

    >>> slug("Spectrum-4 SN5600 (64 x 800G)")
    'spectrum-4-sn5600-64-x-800g'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def unit_names(cuts: CutList) -> pl.Series:
    """NetBox's device of each of ours: the tray for an adapter, itself for a switch or a box."""
    from rackwright.rack.network.cabling.labels import device_names, label_prefixes

    names = device_names(cuts)
    trays = label_prefixes(cuts.placement, cuts.wiring.nodes).str.split(":").list.first()
    is_tray = pl.Series(np.arange(len(names)) < cuts.wiring.endpoints)
    return pl.select(pl.when(is_tray).then(trays).otherwise(names)).to_series()


def _ends(cuts: CutList) -> pl.DataFrame:
    """Both ends of every leg: NetBox device, our device, termination name, box or not."""
    frame, pieces, names = cuts.frame, cuts.pieces, unit_names(cuts)
    split = np.array([form != (1, 1) for form in cuts.forms])[pieces.form]
    found: dict[str, pl.Series | np.ndarray] = {}
    for side, device, head in (("a", pieces.lower, pieces.head_lower), ("b", pieces.upper, ~pieces.head_lower)):
        port, leg = frame[f"{side}_port"], (pieces.leg + 1).astype(str)
        many = pl.Series(split & head)
        text = pl.select(
            pl.when(many).then(pl.concat_str(port, pl.lit(":"), pl.Series(leg))).otherwise(port)
        ).to_series()
        found[f"{side}_device"], found[f"{side}_node"], found[f"{side}_name"] = names.gather(device), device, text
    return pl.DataFrame(found)


def _modules(cuts: CutList) -> pl.DataFrame:
    """The module of every cage that has one."""
    from rackwright.rack.network.cabling.labels import cage_names

    choice, names = cuts.choice, unit_names(cuts)
    used = np.flatnonzero(choice.cage_kind >= 0)
    columns = (choice.cage_family[used], choice.cage_kind[used], choice.cage_lower[used])
    module = [
        _module(choice.families[family].of_kind[kind], lower)
        for family, kind, lower in zip(*(column.tolist() for column in columns), strict=True)
    ]
    device, bay = cage_names(cuts, used)
    table = pl.DataFrame(
        {"node": device, "device": names.gather(device), "module_bay": bay, "module_type": module}
    ).with_columns(status=pl.lit(STATUS))
    return table.filter(pl.col("module_type") != "")


def _module(medium: Medium | None, lower: bool) -> str:
    """Name of the module at one end; empty where the plug belongs to the cable."""
    if medium is None or medium.attached:
        return ""
    return (medium.a if lower else medium.b).module or f"module of {medium.name}"


def _device_types(
    cuts: CutList, ends: pl.DataFrame, modules: pl.DataFrame, forms: Sequence[DeviceForm]
) -> tuple[dict[str, _Type], list[_Type]]:
    """Type of every NetBox device, and the types."""
    tier = cuts.wiring.tier
    sides = [
        ends.select(device=f"{side}_device", node=f"{side}_node", name=f"{side}_name") for side in ("a", "b")
    ]  # fmt: skip
    both = pl.concat(sides).filter(pl.col("node") < cuts.wiring.nodes)
    both = both.with_columns(tier=pl.Series(tier[both["node"].to_numpy()]))
    bays = modules.group_by("device").agg(pl.col("module_bay").sort().str.join(" ").alias("bays"))
    table = both.group_by("device").agg(
        pl.col("tier").first(), pl.col("name").unique().sort().str.join(" ").alias("interfaces")
    )
    table = table.join(bays, on="device", how="left").with_columns(pl.col("bays").fill_null("")).sort("device")
    of_device: dict[str, _Type] = {}
    types: dict[tuple[int, str, str], _Type] = {}
    for at in sorted(set(table["tier"].to_list())):
        own = table.filter(pl.col("tier") == at)
        merged = _merged(own)
        for device, _, interfaces, bay in own.iter_rows():
            key = (at, *(merged or (interfaces, bay)))
            if key not in types:
                number = sum(1 for one in types if one[0] == at)
                model = forms[at].model if number == 0 else f"{forms[at].model} ({number + 1})"
                types[key] = _Type(forms[at], model, tuple(key[1].split()), tuple(key[2].split()))
            of_device[device] = types[key]
    return of_device, list(types.values())


def _merged(own: pl.DataFrame) -> tuple[str, str] | None:
    """Interfaces and bays of all devices of a tier in one type; None where two use a cage in unlike ways."""
    interfaces = sorted({name for text in own["interfaces"].to_list() for name in text.split()})
    styles: dict[str, set[int]] = {}
    for name in interfaces:
        styles.setdefault(re.split("[/:]", name)[0], set()).add(name.count(":") * 2 + name.count("/"))
    if any(len(kinds) > 1 for kinds in styles.values()):
        return None
    bays = sorted({name for text in own["bays"].to_list() for name in text.split()})
    return " ".join(interfaces), " ".join(bays)


def _device_type(folder: Path, one: _Type) -> Path:
    tree: dict[str, Any] = {
        "manufacturer": one.form.manufacturer,
        "model": one.model,
        "slug": slug(f"{one.form.manufacturer} {one.model}"),
        "u_height": one.form.height_ru,
        "is_full_depth": one.form.full_depth,
        "interfaces": [{"name": name, "type": one.form.interface_type} for name in one.interfaces],
    }
    if one.bays:
        tree["module-bays"] = [{"name": name, "position": name} for name in one.bays]
    return _yaml(folder / "device-types" / slug(one.form.manufacturer) / f"{slug(one.model)}.yaml", tree)


def _boxes_type(folder: Path, cuts: CutList, ends: pl.DataFrame, maker: str) -> list[Path]:
    """Types of shuffle boxes by their number of cords."""
    counts = sorted(set(_cords(cuts, ends).values()))
    return [
        _yaml(
            folder / "device-types" / slug(maker) / f"shuffle-box-{count}.yaml",
            {
                "manufacturer": maker, "model": f"shuffle box {count}", "slug": slug(f"{maker} shuffle box {count}"),
                "u_height": 0, "is_full_depth": False,
                "rear-ports": [{"name": name, "type": "mpo", "positions": 1} for name in _cord_names(cuts, ends, count)],
            },
        )
        for count in counts
    ]  # fmt: skip


def _cords(cuts: CutList, ends: pl.DataFrame) -> dict[str, int]:
    """Cords of each box."""
    nodes = cuts.wiring.nodes
    sides = [ends.select(device=f"{side}_device", node=f"{side}_node") for side in ("a", "b")]
    both = pl.concat(sides).filter(pl.col("node") >= nodes)
    return dict(both.group_by("device").len().sort("device").iter_rows())


def _cord_names(cuts: CutList, ends: pl.DataFrame, count: int) -> list[str]:
    """Names of the cords of a box with `count` of them."""
    nodes = cuts.wiring.nodes
    wanted = [name for name, cords in _cords(cuts, ends).items() if cords == count][:1]
    sides = [ends.select(device=f"{s}_device", node=f"{s}_node", name=f"{s}_name") for s in ("a", "b")]
    both = pl.concat(sides).filter(pl.col("node") >= nodes, pl.col("device").is_in(wanted))
    return sorted(both["name"].to_list())


def _racks(cuts: CutList, site: str, width_in: int) -> Iterable[tuple[Any, ...]]:
    floor = cuts.placement.floor
    return ((site, name, STATUS, width_in, floor.rack_ru) for name in cuts.placement.rack_names())


def _devices(
    cuts: CutList, ends: pl.DataFrame, of_device: dict[str, _Type], types: list[_Type], site: str, box_maker: str
) -> Iterable[tuple[Any, ...]]:
    """Every tray, switch and box, with its place."""
    placed, wiring, racks = cuts.placement, cuts.wiring, cuts.placement.rack_names()
    cords, seen = _cords(cuts, ends), set()
    for node, name in enumerate(unit_names(cuts).to_list()):
        if name in seen:
            continue
        seen.add(name)
        rack, unit = racks[int(placed.device_rack[node])], int(placed.device_ru[node])
        if node >= wiring.nodes:
            if name in cords:
                yield name, ROLES[4], box_maker, f"shuffle box {cords[name]}", STATUS, site, rack, "", ""
        elif name in of_device:
            own = of_device[name]
            role = ROLES[int(wiring.tier[node])]
            yield name, role, own.form.manufacturer, own.model, STATUS, site, rack, unit, "front"


def _cables(cuts: CutList, ends: pl.DataFrame) -> Iterable[tuple[Any, ...]]:
    nodes = cuts.wiring.nodes
    kinds = [cable_type(medium) for medium in cuts.media]
    columns = (
        ends["a_device"], ends["a_node"] >= nodes, ends["a_name"], ends["b_device"], ends["b_node"] >= nodes, ends["b_name"],
        cuts.frame["cable"], cuts.frame["stocked_m"], cuts.pieces.medium,
    )  # fmt: skip
    types = ("dcim.interface", "dcim.rearport")
    for a, a_box, a_name, b, b_box, b_name, cable, length_m, medium in zip(
        *(one.to_list() if isinstance(one, pl.Series) else one.tolist() for one in columns), strict=True
    ):
        yield a, types[a_box], a_name, b, types[b_box], b_name, kinds[medium], STATUS, cable, length_m, "m"


def cable_type(medium: Medium) -> str:
    """NetBox's word for a medium."""
    if medium.kind == "dac":
        return "dac-passive"
    if medium.kind in ("acc", "aec"):
        return "dac-active"
    if medium.kind == "aoc":
        return "aoc"
    return {"OM3": "mmf-om3", "OM4": "mmf-om4", "OM5": "mmf-om5", "OS2": "smf-os2"}.get(
        medium.fibre, "smf" if medium.fibre.upper().startswith(("SM", "OS")) else "mmf"
    )


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def _yaml(path: Path, tree: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n" + yaml.safe_dump(tree, sort_keys=False))
    return path
