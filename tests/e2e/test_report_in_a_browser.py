"""The report in a real browser: it draws, stays offline, escapes names, and can be read on a phone and in the dark."""

import os
import shutil
from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.report.html import write_report

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
]
NASTY = '</script><img src=x onerror="hurt=1">'


@pytest.fixture(scope="session")
def report(tmp_path_factory, cache_folder):
    """The report of the tiny program, its only plant under a name that would like to be markup."""
    text = (ROOT / "examples" / "tiny.yaml").read_text(encoding="utf-8")
    text = (
        text.replace("  works:", f"  '{NASTY}':")
        .replace("[works]", f"['{NASTY}']")
        .replace("at: works", f"at: '{NASTY}'")
    )
    text = text.replace("evaluation/tiny.csv", str(ROOT / "examples" / "evaluation" / "tiny.csv"))
    folder = tmp_path_factory.mktemp("report")
    (folder / "nasty.yaml").write_text(text, encoding="utf-8")
    place = folder / "report.html"
    written, note = write_report(run(load(folder / "nasty.yaml")), place)
    assert written, note
    return place


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium")
        pytest.skip("Chromium is not installed here")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")], ids=str)
def page(request, browser, report):
    """The report open at a width and in a colour scheme; requests and errors are kept."""
    width, height, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.requests, page.errors = [], []
    page.on("request", lambda sent: page.requests.append(sent.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
    page.goto(report.as_uri())
    page.wait_for_selector("[data-testid=footer]")
    yield page
    context.close()


def test_the_first_screen_says_it_in_six_sentences(page):
    assert page.locator("[data-testid=story] li").count() == 6
    if page.viewport_size["width"] == 1440:
        box = page.locator("[data-testid=story]").bounding_box()
        assert box["y"] + box["height"] <= 900


def test_nothing_leaves_the_page_and_nothing_goes_wrong(page, report):
    page.wait_for_timeout(300)
    assert page.requests == [report.as_uri()]
    assert page.errors == []


def test_a_name_that_looks_like_markup_is_text(page):
    assert page.evaluate("window.hurt") is None
    assert page.locator("img[onerror]").count() == 0
    page.locator("[data-testid=chart-plants] summary").click()
    assert NASTY in page.locator("[data-testid=chart-plants] table").inner_text()


def test_every_chart_is_drawn_and_has_a_table_with_the_same_numbers(page):
    charts = page.locator("figure[data-testid^=chart-]")
    assert charts.count() >= 5
    for number in range(charts.count()):
        chart = charts.nth(number)
        assert chart.locator("canvas").count() >= 1
        chart.locator("summary").click()
        chart.locator("tbody tr").first.wait_for()


def test_the_page_is_no_wider_than_its_window(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_tables_can_be_chosen(page):
    choice = page.locator("[data-testid=table-choice]")
    choice.select_option("plan.build")
    page.wait_for_selector("[data-testid=table-grid] .tabulator-row")


def test_the_reader_can_choose_the_colours(page):
    page.locator("[data-testid=theme]").select_option("dark")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()") == "#12161a"


def test_each_picture_of_a_rack_is_an_svg_with_a_title(page):
    page.locator("[data-testid=generation-alpha] > summary").click()
    pictures = page.locator("[data-testid=generation-alpha] svg")
    assert pictures.count() == 4
    for number in range(4):
        assert pictures.nth(number).locator("title").count() >= 1
