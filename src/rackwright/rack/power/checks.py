"""Every check of a rack's power path: each limit with its source, and what nobody stated said so."""

from __future__ import annotations

import math

from rackwright.program.sections.parts import Busbar, Catalogue, Shelf
from rackwright.program.sections.rack import Rack
from rackwright.rack.power.path import AfterLoss, PowerPath
from rackwright.tables import Finding, finding, not_modelled


def power_findings(generation: str, rack: Rack, catalogue: Catalogue, path: PowerPath) -> list[Finding]:
    """Every check of the power path; a check whose limit nobody stated says so."""
    shelf, busbar = catalogue.shelves[rack.power.shelf], catalogue.busbars[rack.power.busbar]
    here, shelf_path = f"rack.{generation}.power", f"catalogue.shelves.{rack.power.shelf}"
    after = {"N": "no loss is covered", "N+1": "after the loss of one shelf", "N+N": "after the loss of one feed"}
    lost = after[path.redundancy]
    cord_limit_a = rack.power.cord_a * rack.power.continuous_share
    found = [
        _closure(generation, path),
        *_curve(generation, path, f"{shelf_path}.efficiency"),
        finding(
            "rack.power.tray_voltage",
            generation,
            path.lowest_v if path.carried else 0.0,
            rack.power.tray_least_v,
            "V",
            standing="user",
            source=f"{here}.tray_least",
            at_least=True,
            text="lowest voltage at a tray, at the far end of the busbar"
            if path.carried
            else "the busbar cannot carry the trays' power: the voltage collapses below the least",
        ),
        _highest(generation, rack, shelf),
        finding(
            "rack.power.cord_current",
            generation,
            path.cord_current_a,
            cord_limit_a,
            "A",
            standing="user",
            source=f"{here}.cord",
            text="current per cord, all shelves working, against its continuous rating",
        ),
        finding(
            "rack.power.shelf_load",
            generation,
            path.load_share,
            1.0,
            "",
            standing="user",
            source=shelf_path,
            text="load of each shelf as a share of its rating, all shelves working",
        ),
        finding(
            "rack.power.declared",
            generation,
            path.power_w,
            rack.declared.power_w,
            "W",
            standing="user",
            source=f"rack.{generation}.declared.power",
            severity="warning",
            text=f"computed AC power against the declared ({path.power_w / rack.declared.power_w - 1:+.1%})"
            if rack.declared.power_w
            else "computed AC power against the declared",
        ),
    ]
    if path.redundancy != "N":
        found += [
            *_after_loss(generation, rack, path),
            finding(
                "rack.power.cord_after_loss",
                generation,
                path.cord_current_after_loss_a,
                cord_limit_a,
                "A",
                standing="user",
                source=f"{here}.cord",
                text=f"current per cord {lost}, against its continuous rating",
            ),
            finding(
                "rack.power.shelves_after_loss",
                generation,
                path.shelves_after_loss,
                path.shelves_needed,
                "",
                standing="user",
                source=f"{here}.redundancy",
                at_least=True,
                text=f"shelves that work {lost}, against those that carry the rack",
            ),
        ]
    if path.redundancy == "N+N":
        found.append(
            finding(
                "rack.power.feeds",
                generation,
                path.feeds,
                2,
                "",
                standing="user",
                source=f"{here}.feeds",
                at_least=True,
                text="N+N needs two feeds of which each carries all",
            )
        )
    found += _backup_findings(generation, rack, path)
    found += _current_findings(generation, path, shelf, busbar, f"catalogue.busbars.{rack.power.busbar}", shelf_path)
    found.append(
        not_modelled(
            "rack.power.transients",
            generation,
            "this path is steady; rackwright rack FILE power --waveform and --failures compute load steps, outages and faults",
        )
    )
    return found


def _highest(generation: str, rack: Rack, shelf: Shelf) -> Finding:
    """No load, every set-point at its upper edge."""
    rule, most_v = "rack.power.tray_voltage_most", rack.power.tray_most_v
    if most_v is None:
        return not_modelled(
            rule, generation, "no highest voltage of a tray is stated", f"rack.{generation}.power.tray_most"
        )
    highest_v = shelf.output_v * (1 + shelf.set_point_share)
    return finding(
        rule,
        generation,
        highest_v,
        most_v,
        "V",
        standing="user",
        source=f"rack.{generation}.power.tray_most",
        text="voltage at no load, set-points at the upper edge of their accuracy",
    )


def _curve(generation: str, path: PowerPath, source: str) -> list[Finding]:
    """A finding where the shelf's efficiencies are no device's curve."""
    if not path.curve_problem:
        return []
    return [not_modelled("rack.power.supply_curve", generation, path.curve, source)]


def _closure(generation: str, path: PowerPath) -> Finding:
    counted_w = math.fsum(line.power_w for line in path.lines if line.adds)
    heat_w = path.liquid_w + path.air_w
    residual = max(abs(counted_w - path.power_w), abs(heat_w - path.power_w)) / max(path.power_w, 1.0)
    return finding(
        "rack.power.ledger",
        generation,
        residual,
        1e-9,
        "",
        standing="standard",
        source="conservation of energy",
        text="parts and losses against the AC power, and heat to liquid and air against it: the largest gap as a share",
    )


def _backup_findings(generation: str, rack: Rack, path: PowerPath) -> list[Finding]:
    """How long the batteries carry the rack, and what their charging adds to the supplies' load."""
    backup, rule = path.backup, "rack.power.ride_through"
    if backup.carried_s is None:
        return [
            not_modelled(rule, generation, "the rack has no batteries of its own", f"rack.{generation}.power.battery")
        ]
    room_w = path.shelves_needed * path.shelf_rating_w
    return [
        finding(
            rule,
            generation,
            backup.carried_s,
            backup.wanted_s,
            "s",
            standing="user",
            source=f"rack.{generation}.power.ride_through",
            at_least=True,
            text=f"time for which {backup.batteries} {backup.battery} carry the rack's DC power, at the times that their "
            "maker states",
        ),
        finding(
            "rack.power.ride_through_after_loss",
            generation,
            backup.after_loss_s or 0.0,
            backup.wanted_s,
            "s",
            standing="user",
            severity="warning" if rack.power.battery_spares else "note",
            source=f"rack.{generation}.power.battery_spares",
            at_least=True,
            text="the same with one battery shelf lost"
            + ("" if rack.power.battery_spares else "; no spare is asked for"),
        ),
        finding(
            "rack.power.recharge",
            generation,
            path.dc_power_w + backup.charge_w,
            room_w,
            "W",
            standing="user",
            severity="warning",
            source=f"catalogue.batteries.{backup.battery}.charge",
            text="DC power with the batteries charging, against the shelves that carry the rack without spares",
        ),
    ]


def _current_findings(
    generation: str, path: PowerPath, shelf: Shelf, busbar: Busbar, busbar_path: str, shelf_path: str
) -> list[Finding]:
    found: list[Finding] = []
    if shelf.connector_a is None:
        text = "no rating of the shelf's output connector is stated"
        found.append(not_modelled("rack.power.connector_current", generation, text, shelf_path))
    else:
        worst_a = max(path.shelf_current_a, path.shelf_current_after_loss_a)
        found.append(
            finding(
                "rack.power.connector_current",
                generation,
                worst_a,
                shelf.connector_a,
                "A",
                standing="user",
                source=f"{shelf_path}.connector",
                text="current of a shelf's output connector, after the covered loss",
            )
        )
    if busbar.rating_a is None:
        text = "no rating of the busbar is stated"
        found.append(not_modelled("rack.power.busbar_current", generation, text, busbar_path))
    else:
        found.append(
            finding(
                "rack.power.busbar_current",
                generation,
                max([path.busbar_current_a, *(loss.bar_a for loss in path.losses if loss.covered)]),
                busbar.allowed_a or 0.0,
                "A",
                standing="user",
                source=f"{busbar_path}.rating",
                text="current at the foot of the busbar, after the covered loss"
                + (
                    f"; rated for {busbar.rating_a:,.0f} A in air of {busbar.rated_ambient_k - 273.15:.0f} degC, it stands "
                    f"in air of {busbar.ambient_k - 273.15:.0f} degC"
                    if busbar.allowed_a != busbar.rating_a
                    else ""
                ),
            )
        )
    if busbar.tap_rating_a is None:
        text = "no rating of a tray's connector to the busbar is stated"
        found.append(not_modelled("rack.power.tap_current", generation, text, busbar_path))
    else:
        found.append(
            finding(
                "rack.power.tap_current",
                generation,
                max([path.tap_current_a, *(loss.tap_a for loss in path.losses if loss.covered)]),
                busbar.tap_rating_a,
                "A",
                standing="user",
                source=f"{busbar_path}.tap_rating",
                text="current of a tray's connector to the busbar, after the covered loss",
            )
        )
    return found


def worst_covered(path: PowerPath) -> AfterLoss | None:
    """The loss covered by the redundancy that asks most of what is left; None where it covers none."""
    covered = [loss for loss in path.losses if loss.covered]
    return max(covered, key=lambda loss: (loss.asked_share, not loss.carried), default=None)


def _after_loss(generation: str, rack: Rack, path: PowerPath) -> list[Finding]:
    """Capacity and window after the worst loss that the redundancy claims to cover."""
    covered = [loss for loss in path.losses if loss.covered]
    asked = worst_covered(path)
    if asked is None:
        return []
    lowest = min(covered, key=lambda loss: loss.lowest_v)
    here = f"rack.{generation}.power"
    return [
        finding(
            "rack.power.capacity_after_loss",
            generation,
            asked.asked_share,
            1.0,
            "",
            standing="user",
            source=f"{here}.redundancy",
            text=f"power asked for over what the supplies left may give; worst covered loss: {asked.name}",
        ),
        finding(
            "rack.power.voltage_after_loss",
            generation,
            lowest.lowest_v,
            rack.power.tray_least_v,
            "V",
            standing="user",
            source=f"{here}.tray_least",
            at_least=True,
            text=f"lowest voltage at a tray after the worst covered loss, supplies held to their rating: {lowest.name}",
        ),
    ]
