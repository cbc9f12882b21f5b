"""What moves the hottest chip, element by element: the adjoint of a hall's flows, pressures and enthalpies.

One solved scenario is a `Point`. Its residuals are the energy of every link, the mass of every node and the enthalpy of
every node; their Jacobian is written down once and factorised once, and one transposed solve a chip then gives the
derivative of that chip's case temperature by every parameter of every element, first order and exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.hall import Hall
from rackwright.rack.cooling.hydraulics.network import Floats, Network
from rackwright.rack.cooling.point import Exchange, Point, Rates, case_of, exchanges, rates_of

#: A chip counts as active when its margin is within this of the least.
ACTIVE_K = 0.5


@dataclass(frozen=True)
class Adjoint:
    """Adjoints of some chips at one point. `spots` (chips,) are their numbers in `hall.spots`.

    `link_pa`, `node_kg_s`, `node_w` are the derivatives of each chip's case temperature by a push on a link's energy
    [K/Pa], a mass put into a node [K s/kg] and a heat put into a node [K/W]; (chips, links or nodes).
    """

    point: Point
    spots: NDArray[np.intp]
    case_k: Floats
    margin_k: Floats
    link_pa: Floats
    node_kg_s: Floats
    node_w: Floats
    rates: Rates
    exchanges: tuple[Exchange, ...]

    @property
    def hall(self) -> Hall:
        """The hall that was solved."""
        return self.point.hall


def active_spots(point: Point, *, within_k: float = ACTIVE_K, most: int = 16) -> NDArray[np.intp]:
    """Chips whose margin is within `within_k` of the least, hottest first; and the hottest of each kind of chip."""
    case_k = case_of(point)[0]
    limits = np.array([spot.plates.limit_k or np.inf for spot in point.hall.spots])
    margin = limits - case_k
    order = np.argsort(margin, kind="stable")
    near = order[margin[order] <= margin[order[0]] + within_k][:most]
    kinds: dict[str, int] = {}
    for number in order.tolist():
        kinds.setdefault(point.hall.spots[number].chip, number)
    others = [number for number in kinds.values() if number not in near]
    return np.array([*near.tolist(), *others], np.intp)


def adjoint_of(point: Point, spots: Sequence[int] | NDArray[np.intp] | None = None) -> Adjoint:
    """Factorise the Jacobian at a point and solve its transpose for each chip; `active_spots` where none are named.

    Where a header stands still by symmetry, a push to one side turns its flow and another water arrives: there a single
    element's derivative is one-sided. What keeps the symmetry, such as a whole class moved together, is not touched.
    """
    from scipy.sparse.linalg import splu

    chosen = active_spots(point) if spots is None else np.asarray(spots, np.intp)
    rates = rates_of(point)
    swaps = exchanges(point, rates)
    network = point.hall.network
    links, nodes = len(network.links), len(network.nodes)
    factorised = splu(jacobian(point, rates, swaps).tocsc())
    adjoint = factorised.solve(_chip_gradients(point, rates, chosen), trans="T").T
    case_k, limits = case_of(point)[0], np.array([spot.plates.limit_k or np.inf for spot in point.hall.spots])
    return Adjoint(
        point=point,
        spots=chosen,
        case_k=case_k[chosen],
        margin_k=(limits - case_k)[chosen],
        link_pa=adjoint[:, :links],
        node_kg_s=adjoint[:, links : links + nodes],
        node_w=adjoint[:, links + nodes :],
        rates=rates,
        exchanges=swaps,
    )


class _Entries:
    """Rows, columns and values of a sparse matrix, gathered block by block."""

    def __init__(self) -> None:
        self.rows: list[NDArray[Any]] = []
        self.columns: list[NDArray[Any]] = []
        self.values: list[Floats] = []

    def add(self, rows: NDArray[Any], columns: NDArray[Any], values: Floats | float) -> None:
        """Add values at rows and columns; values at the same place add up."""
        rows, columns, wide = np.broadcast_arrays(rows, columns, values)
        self.rows.append(rows.ravel())
        self.columns.append(columns.ravel())
        self.values.append(np.asarray(wide, np.float64).ravel())

    def matrix(self, size: int) -> Any:
        """The sum of all blocks, in compressed columns."""
        from scipy.sparse import coo_matrix

        parts = (np.concatenate(self.values), (np.concatenate(self.rows), np.concatenate(self.columns)))
        return coo_matrix(parts, shape=(size, size))


def jacobian(point: Point, rates: Rates, swaps: Sequence[Exchange]) -> Any:
    """Derivatives of `point.residuals` by flows, pressures and enthalpies, in that order."""
    network = point.hall.network
    found = _Entries()
    _link_rows(found, point, rates, network)
    _mass_rows(found, rates, network)
    _heat_rows(found, point, rates, network, swaps)
    return found.matrix(len(network.links) + 2 * len(network.nodes))


def _link_rows(found: _Entries, point: Point, rates: Rates, network: Network) -> None:
    """p_i - p_j + lift - drop of links that are open; the flow itself of links that are shut."""
    links, nodes = len(network.links), len(network.nodes)
    at = np.arange(links)
    found.add(at[~point.opened], at[~point.opened], 1.0)
    at = at[point.opened]
    first, second = network.first[at], network.second[at]
    found.add(at, links + first, 1.0)
    found.add(at, links + second, -1.0)
    by_mean = rates.push_by_mean[at]
    found.add(at, at, -rates.slope[at] + by_mean * rates.mean_by_flow[at])
    up = rates.up[at]
    by_up = by_mean * rates.mean_by_up[at]
    found.add(at, links + nodes + up, by_up * rates.kelvin_by_enthalpy[up])
    found.add(at, links + up, by_up * rates.kelvin_by_pressure[up])


def _mass_rows(found: _Entries, rates: Rates, network: Network) -> None:
    """Inflow less outflow of nodes; a given pressure, or one that nothing sets, is held."""
    links = len(network.links)
    node = np.arange(len(network.nodes))
    at = np.arange(links)
    for ends, sign in ((network.first, -1.0), (network.second, 1.0)):
        free = ~rates.held_pressure[ends]
        found.add(links + ends[free], at[free], sign)
    found.add(links + node[rates.held_pressure], links + node[rates.held_pressure], 1.0)


def _heat_rows(found: _Entries, point: Point, rates: Rates, network: Network, swaps: Sequence[Exchange]) -> None:
    """Inflow times (enthalpy less what each link brings); a node without inflow keeps its own."""
    links, nodes = len(network.links), len(network.nodes)
    base = links + nodes
    still = np.flatnonzero(~rates.fed)
    found.add(base + still, base + still, 1.0)
    at = np.flatnonzero(rates.moving)
    up, down, m = rates.up[at], rates.down[at], np.abs(point.flow_kg_s[at])
    row = base + down
    brought = point.enthalpy[down] - rates.outlet[at]
    found.add(row, at, np.sign(point.flow_kg_s[at]) * brought - m * rates.outlet_by_flow[at])
    found.add(row, base + down, m)
    found.add(row, base + up, -m * rates.outlet_by_enthalpy[at])
    found.add(row, links + up, -m * rates.outlet_by_up_pa[at])
    found.add(row, links + down, -m * rates.outlet_by_down_pa[at])


def _chip_gradients(point: Point, rates: Rates, spots: NDArray[np.intp]) -> Floats:
    """Derivatives of chips' case temperatures by the unknowns; (unknowns, chips)."""
    network = point.hall.network
    links, nodes = len(network.links), len(network.nodes)
    _, by_flow, by_inlet = case_of(point)
    gradients = np.zeros((links + 2 * nodes, len(spots)))
    chip = np.arange(len(spots))
    link = point.hall.spot_link[spots]
    up = rates.up[link]
    np.add.at(gradients, (link, chip), by_flow[spots])
    np.add.at(gradients, (links + nodes + up, chip), by_inlet[spots] * rates.kelvin_by_enthalpy[up])
    np.add.at(gradients, (links + up, chip), by_inlet[spots] * rates.kelvin_by_pressure[up])
    return gradients
