"""Ten edits of the real program and their answers, written into `docs/edits.md`.

python -m benchmarks.ten_edits
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import process_time

from rackwright.cache import FolderCache, default_folder
from rackwright.program import load
from rackwright.study.session import Session

ROOT = Path(__file__).resolve().parent.parent
PROGRAM, PAGE = Path("examples/us-racks.yaml"), ROOT / "docs" / "edits.md"
EDITS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("A supplier cuts a shelf by a sixth", {"plan.suppliers.power-makers.parts.power-shelf-33kw.cap": "3000 /week"}),
    ("Another has more of a shelf", {"plan.suppliers.power-makers.parts.power-shelf-72kw.cap": "700 /week"}),
    ("Chips are two weeks sooner", {"plan.suppliers.nvidia.parts.gpu-rubin.lead": "50 weeks"}),
    ("A cooling lead is half a year longer", {"plan.suppliers.cooling-makers.parts.cdu.lead": "78 weeks"}),
    ("A plant gets six more burn-in places", {"plant.ohio.burn_in.places": "25"}),
    ("A site's power comes three weeks later", {"buildout.sites.abilene.energised.2026-W27": None,
                                               "buildout.sites.abilene.energised.2026-W30": "1200 MW"}),
    ("Freight to other states is dearer", {"plan.freight.other_state": "20000 USD/rack"}),
    ("Spares go down a point", {"demand.spares": "4 %"}),
    ("A generation starts four weeks later", {"rack.kyber.volume_from": "2027-W40"}),
    ("A tenth less capital each year", {"plan.capex": "2.25 BUSD"}),
)  # fmt: skip


def lines() -> Iterator[str]:
    """The page."""
    begun = process_time()
    session = Session(load(PROGRAM), cache=FolderCache(default_folder()))
    yield "# Ten edits"
    yield ""
    first_s = process_time() - begun
    yield "Made by `python -m benchmarks.ten_edits` on `examples/us-racks.yaml`: each edit is answered from the plan that the one"
    yield f"before it left. The first plan took {first_s:.1f} s; times are of one processor."
    for number, (title, changes) in enumerate(EDITS, 1):
        begun = process_time()
        reply = session.edit(changes)
        took_s = process_time() - begun
        sent = reply.sent
        yield ""
        yield f"## {number}. {title}: {took_s:.1f} s"
        yield ""
        yield from (f"- {text}" for text in reply.sentences)
        counts = (
            sent.column_bounds + sent.row_bounds,
            sent.coefficients,
            sent.costs,
            sent.columns_added,
            sent.columns_removed,
        )
        what = "{:,} bounds, {:,} coefficients, {:,} costs; {:,} columns came, {:,} went".format(*counts)
        yield f"- Sent to the solver: {what}."


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")
