"""A session answers as a cold run does, keeps its plan through broken edits, and says why in sentences."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.plan import Sent
from rackwright.program import load
from rackwright.study.session import Session
from rackwright.study.watch import answers

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"
CHIPS = "plan.suppliers.acme.parts.chip-large.cap"
FEWER = {CHIPS: {"2026-W02": "0 /week", "2026-W15": "36 /week"}}
EDITS = (
    FEWER,
    {"plan.start.on_order.chip-large": "36 /week"},
    {"plan.suppliers.acme.parts.shelf.lead": "6 weeks"},
    {"plant.works.burn_in.places": "2"},
    {"rack.beta.volume_from": "2026-W17"},
    {"demand.other": "12 racks"},
    {"buildout.sites.field.energised": "2 MW"},
    {"plan.late.contract": "20 kUSD/rack/week"},
)


@pytest.fixture(scope="module")
def session():
    return Session(load(TINY))


@pytest.fixture
def file(tmp_path):
    """The example in a folder of its own, with its measurements."""
    shutil.copytree(TINY.parent / "evaluation", tmp_path / "evaluation")
    return Path(shutil.copy(TINY, tmp_path))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: next(iter(edit)))
def test_an_edit_gives_the_tables_of_a_cold_run_of_the_edited_program(session, edit):
    before = session.reply.plan
    warm = session.edit(edit)
    cold = run(session.program, until="plan", previous=before, cache=session.cache).plan
    assert [table.name for table in warm.plan.tables] == [table.name for table in cold.tables]
    for mine, theirs in zip(warm.plan.tables, cold.tables, strict=True):
        # two vertices in floats, feasible to 1e-7, of racks up to 1e3 and dollars up to 1e8
        assert_frame_equal(mine.frame, theirs.frame, rel_tol=1e-6, abs_tol=1e-4)


def test_an_edit_that_cannot_be_read_keeps_the_plan():
    session = Session(load(TINY))
    kept = session.reply
    with pytest.raises(ProgramError):
        session.edit({CHIPS: "36 kg"})
    assert session.reply is kept
    assert session.edit(FEWER).plan.late.sum() > kept.plan.late.sum()


def test_an_answer_names_the_line_that_changed_and_the_line_that_racks_wait_for():
    session = Session(load(TINY))
    reply = session.edit(FEWER)
    lines = TINY.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.strip().startswith("chip-large: {cap"))
    told = "\n".join(reply.sentences)
    assert told.count(f"({TINY}:{line}") >= 2
    assert "the move is with acme" in told
    assert reply.sent.column_bounds > 0


def test_the_same_program_again_is_answered_with_no_change():
    session = Session(load(TINY))
    again = session.take(load(TINY))
    assert again.sentences[0] == "The program says the same as before."
    assert again.sent == Sent()


def until_interrupted(texts):
    with contextlib.suppress(KeyboardInterrupt):
        yield from texts


def test_a_watched_file_is_planned_again_at_a_save_and_a_broken_save_leaves_the_plan(file):
    session = Session(load(file))
    text = file.read_text()
    saves = iter(
        [
            text.replace("build_weeks: 1 ", "build_weeks: 2 "),
            text.replace("build_weeks: 1 ", "build_weeks: x "),
            text.replace("holding: 0.1 /year", "holding: 0.2 /year"),
        ]
    )
    waited = []

    def wait(seconds):
        """Every second look finds a new save, as an editor would leave it."""
        waited.append(seconds)
        if len(waited) > 40:
            raise KeyboardInterrupt
        if waited.count(0.2) % 3 == 1 and seconds == 0.2:
            following = next(saves, None)
            if following is not None:
                file.write_text(following)

    told = list(until_interrupted(answers(session, file, wait=wait)))
    assert len(told) == 4
    assert "plan.build_weeks: 1 -> 2" in told[1]
    assert "plan.build_weeks" in told[2]
    assert "The last plan stays." in told[2]
    assert "plan.holding: 0.1 /year -> 0.2 /year" in told[3]
    assert "plan.build_weeks: 2 -> 1" in told[3]


LEVERS = {
    "surge": {
        "more": {
            "supplier": "acme", "part": "chip-large", "most": "36 /week", "price": "500 USD", "from": "2026-W15",
            "until": "2026-W22", "steps": "2",
        }
    },
    "date": {"later": {"of": "beta", "most": "2 weeks", "price": "100 kUSD"}},
    "alternate": {
        "zeta": {
            "part": "chip-large", "cap": "36 /week", "lead": "6 weeks", "price": "21 kUSD", "qualification": "200 kUSD",
        }
    },
}  # fmt: skip


def test_mends_of_an_edit_come_back_to_the_lateness_before_it():
    session = Session(load(TINY).replace({"plan.levers": LEVERS}))
    before = session.reply.plan
    after = session.edit(FEWER).plan
    assert after.lateness_usd > before.lateness_usd
    answer = session.mends()
    assert 1 <= len(answer.found) <= 3
    prices = [item.price_usd for item in answer.found]
    assert prices == sorted(prices)
    for item in answer.found:
        assert item.lateness_usd <= before.lateness_usd + 1.1
    # the search leaves the session as it was
    assert session.edit({"plan.suppliers.acme.parts.chip-large": CHIP_LARGE}).plan.lateness_usd == pytest.approx(
        before.lateness_usd
    )


CHIP_LARGE = {"cap": {"2026-W02": "0 /week", "2026-W15": "72 /week"}, "lead": "4 weeks"}


def test_a_lever_of_nothing_in_the_program_is_told_with_the_nearest_name():
    wrong = {
        **LEVERS,
        "surge": {"more": {**LEVERS["surge"]["more"], "supplier": "acmee", "until": "2026-W03"}},
        "expansion": {"third": {"of": "burnin", "at": "works", "most": "1", "price": "1 kUSD"}},
    }
    with pytest.raises(ProgramError) as caught:
        load(TINY).replace({"plan.levers": wrong})
    told = {(item.path, item.nearest) for item in caught.value.problems}
    assert told == {
        ("plan.levers.surge.more.supplier", "acme"),
        ("plan.levers.surge.more.until", None),
        ("plan.levers.expansion.third.of", "burn-in"),
    }
