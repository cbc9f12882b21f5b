"""Assembly tasks follow the bill: minutes are linear in counts, and precedence has no loop."""

import pytest

from rackwright.plant.tasks import ORDER, Element, rack_tasks, tasks_table, without_work
from rackwright.rack import BillLine

ELEMENTS = {name: Element(3.0 + place, "assumed", "assumption") for place, name in enumerate(ORDER)}
WORK = {
    "trays": {"scan": 1, "lift": 1, "insert": 1, "mate": 2, "fasten": 4},
    "cables": {"route": 1, "mate": 2},
    "chips": {"insert": 1, "fasten": 4},
}


def line(path: str, part: str, kind: str, count: float, level: int, shared: bool = False) -> BillLine:
    return BillLine(path, part, kind, "", count, 0.0, 0.0, shared, level)


def bill(cables: float = 500) -> list[BillLine]:
    return [
        line("trays.compute", "compute", "trays", 18, 1),
        line("trays.compute.parts.gpu", "gpu", "chips", 72, 2),
        line("cables", "twinax", "cables", cables, 0),
        line("network.leaf", "leaf", "trays", 2, 0, shared=True),
    ]


def minutes(lines: list[BillLine]) -> float:
    return sum(t.time_s for t in rack_tasks(lines, ELEMENTS, WORK, allowance_share=0.12)) / 60


def test_taking_100_cables_out_takes_exactly_their_minutes() -> None:
    one_s = (ELEMENTS["route"].time_s + 2 * ELEMENTS["mate"].time_s) * 1.12
    # Sums of about ten doubles near 1e3: their rounding is under 1e-11 relative of the difference.
    assert minutes(bill(500)) - minutes(bill(400)) == pytest.approx(100 * one_s / 60, rel=1e-10)


def test_a_line_taken_out_leaves_every_other_task_as_it_was() -> None:
    def left(lines: list[BillLine]) -> dict[str, float]:
        tasks = rack_tasks(lines, ELEMENTS, WORK, allowance_share=0.12)
        return {t.name: t.time_s for t in tasks if t.line != "cables"}

    assert left(bill(500)) == left(bill(0))


def test_every_task_stands_behind_the_tasks_that_it_waits_for() -> None:
    done: set[str] = set()
    for task in rack_tasks(bill(), ELEMENTS, WORK, allowance_share=0.0):
        assert set(task.after) <= done
        done.add(task.name)


def test_a_tray_waits_for_its_own_parts_and_only_for_them() -> None:
    tasks = {t.name: t for t in rack_tasks(bill(), ELEMENTS, WORK, allowance_share=0.0)}
    assert tasks["trays.compute.compute.scan"].after == ("trays.compute.parts.gpu.gpu.fasten",)
    assert tasks["cables.twinax.mate"].after == ()
    assert tasks["cables.twinax.route"].after == ("cables.twinax.mate",)


def test_shared_parts_take_no_time_in_the_plant() -> None:
    assert not [t for t in rack_tasks(bill(), ELEMENTS, WORK, allowance_share=0.0) if t.line == "network.leaf"]


def test_a_kind_without_work_is_told() -> None:
    found = without_work("gb300", bill(), {"trays": {}, "chips": {}})
    assert [(f.outcome, "cables" in f.text) for f in found] == [("not modelled", True)]


def test_the_table_holds_every_task_with_status_and_source() -> None:
    tasks = rack_tasks(bill(), ELEMENTS, WORK, allowance_share=0.12)
    rows = tasks_table({"gb300": tasks}).rows()
    assert [row["task"] for row in rows] == [t.name for t in tasks]
    assert all(row["status"] == "assumed" and row["source"] for row in rows)


@pytest.mark.parametrize("allowance", [-0.1, float("nan"), float("inf")])
def test_an_allowance_that_is_no_share_is_refused(allowance: float) -> None:
    with pytest.raises(ValueError, match="allowance"):
        rack_tasks(bill(), ELEMENTS, WORK, allowance_share=allowance)
