"""EPW files: what is read of one, and what is told about a bad one."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.buildout.epw import COLUMNS, HEADER_LINES, MOST_TOLD, read_design, read_epw
from rackwright.errors import ProgramError

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LOCATION = "LOCATION,Plainville,OH,USA,made up,123456,41.00,-81.00,-5.0,300.0"
#: Places as in ASHRAE's headers; each value is its own place, so that a mix-up shows.
HEATING = [1, -18, -15, *range(4, 16)]
COOLING = [7, 11, 34, 24, 32, 23.5, 31, 23, 26, 31.5, *range(11, 33)]
EXTREMES = [11, 10, 9, 29, -22, 36, 4, 2, -26, 37.4, -28, 38.6, -31, 39.7, -34, 41.2]


def design_line(heating=HEATING, cooling=COOLING, extremes=EXTREMES) -> str:
    groups = (("Heating", heating), ("Cooling", cooling), ("Extremes", extremes))
    return "DESIGN CONDITIONS,1,Handbook,," + ",".join(",".join(map(str, (name, *values))) for name, values in groups)


def rows(days=DAYS) -> list[list[str]]:
    """Each hour is 10 degC with a dew point of 5 degC, but for the hottest: 35 degC at 15 h on 21 July."""
    found = []
    for month, count in enumerate(days, start=1):
        for day in range(1, count + 1):
            for hour in range(1, 25):
                dry = 35.0 if (month, day, hour) == (7, 21, 15) else 10.0
                found.append(["2001", str(month), str(day), str(hour), "0", "?9", str(dry), "5.0", "71", "97700", "0"])
    return found


def write(path, cells=None, location=LOCATION, design=None, periods="DATA PERIODS,1,1,Data,Sunday,1/1,12/31"):
    header = [
        location,
        design_line() if design is None else design,
        "TYPICAL",
        "GROUND",
        "HOLIDAYS",
        "C1",
        "C2",
        periods,
    ]
    path.write_text("\n".join([*header, *(",".join(row) for row in (rows() if cells is None else cells))]) + "\n")
    return path


def problems(path):
    with pytest.raises(ProgramError) as caught:
        read_epw(path)
    return caught.value.problems


def test_a_file_gives_place_height_and_8760_hours_in_si(tmp_path):
    epw = read_epw(write(tmp_path / "a.epw"))
    assert (epw.place, epw.station) == ("Plainville, OH, USA", "123456")
    assert (epw.latitude, epw.longitude, epw.time_zone_h, epw.elevation_m) == (41.0, -81.0, -5.0, 300.0)
    assert epw.dry_bulb_k.shape == (8760,)
    hottest = int(np.argmax(epw.dry_bulb_k))
    # 201 days before 21 July, and the row of the hour that ends at 15 h is the fifteenth
    assert hottest == 201 * 24 + 14
    assert epw.dry_bulb_k[hottest] == pytest.approx(308.15)
    assert set(epw.dew_point_k) == {278.15}
    assert set(epw.relative_humidity_share) == {0.71}
    assert set(epw.pressure_pa) == {97700.0}


def test_a_leap_year_has_8784_hours(tmp_path):
    leap = (31, 29, *DAYS[2:])
    assert read_epw(write(tmp_path / "leap.epw", rows(leap))).dry_bulb_k.shape == (8784,)


def test_windows_line_ends_a_byte_order_mark_and_blank_lines_at_the_end_change_nothing(tmp_path):
    plain = write(tmp_path / "plain.epw")
    marked = tmp_path / "marked.epw"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert np.array_equal(read_epw(marked).dry_bulb_k, read_epw(plain).dry_bulb_k)


def test_the_header_s_design_conditions_are_read_from_their_places(tmp_path):
    design = read_epw(write(tmp_path / "a.epw")).design
    celsius = {
        "hot_04pct_k": 34.0,
        "hot_04pct_coincident_k": 24.0,
        "hot_1pct_k": 32.0,
        "hot_1pct_coincident_k": 23.5,
        "wet_04pct_k": 26.0,
        "wet_04pct_coincident_k": 31.5,
        "cold_996pct_k": -18.0,
        "cold_99pct_k": -15.0,
        "wet_most_k": 29.0,
        "cold_yearly_mean_k": -22.0,
        "hot_yearly_mean_k": 36.0,
        "hot_20yr_k": 39.7,
    }
    assert {name: getattr(design, name) - 273.15 for name in celsius} == pytest.approx(celsius)
    assert design.hot_yearly_deviation_k == 2.0
    assert design.daily_range_k == 11.0
    assert [k - 273.15 for k in design.hot_return_k] == pytest.approx([37.4, 38.6, 39.7, 41.2])
    assert [k - 273.15 for k in design.cold_return_k] == pytest.approx([-26, -28, -31, -34])


def test_a_header_without_design_conditions_or_with_groups_of_another_length_says_nothing():
    assert read_design("DESIGN CONDITIONS,0").hot_04pct_k is None
    short = read_design(design_line(cooling=COOLING[:-1]))
    assert short.hot_04pct_k is None
    assert short.cold_99pct_k == pytest.approx(258.15)
    assert read_design(design_line(cooling=["N/A", 11, "N/A", *COOLING[3:]])).hot_04pct_k is None


@pytest.mark.parametrize(("column", "code"), [*zip(COLUMNS, ("99.9", "99.9", "999", "999999"), strict=True)])
def test_a_code_for_missing_is_told_with_line_column_and_what_would_do(tmp_path, column, code):
    cells = rows()
    cells[99][column.number] = code
    (problem,) = problems(write(tmp_path / "a.epw", cells))
    assert (problem.file, problem.line, problem.path) == ("a.epw", HEADER_LINES + 100, column.name)
    assert problem.found == f"{code} (the format's code for missing)"
    assert problem.expected.startswith("a number from")


@pytest.mark.parametrize("word", ["", "warm", "nan", "inf", "1_0", "1e999", "-120", "１０"])
def test_what_is_no_number_or_no_temperature_on_earth_is_a_problem_and_never_a_nan(tmp_path, word):
    cells = rows()
    cells[0][6] = word
    (problem,) = problems(write(tmp_path / "a.epw", cells))
    assert (problem.line, problem.path) == (9, "dry bulb")
    assert problem.found == (word or "nothing")


def test_all_problems_are_told_at_once(tmp_path):
    cells = rows()[:-1]
    cells[5][6], cells[7][9], cells[9][7] = "hot", "999999", ""
    location = LOCATION.replace("300.0", "high")
    found = problems(write(tmp_path / "a.epw", cells, location))
    assert {(problem.line, problem.path) for problem in found} == {
        (0, "hours"),
        (1, "elevation"),
        (14, "dry bulb"),
        (16, "pressure"),
        (18, "dew point"),
    }
    assert next(problem for problem in found if problem.path == "hours").found == "8759 rows of hours"


def test_of_one_kind_of_problem_the_first_twenty_and_the_count_are_told(tmp_path):
    cells = [[*row[:7], "99.9", *row[8:]] for row in rows()]
    found = problems(write(tmp_path / "a.epw", cells))
    assert len(found) == MOST_TOLD + 1
    assert "8760 rows with such a problem" in {problem.found for problem in found}


def test_an_hour_twice_and_another_left_out_is_seen_though_the_count_is_right(tmp_path):
    cells = rows()
    cells[50] = cells[49]
    (problem,) = problems(write(tmp_path / "a.epw", cells))
    assert (problem.line, problem.found) == (HEADER_LINES + 51, "1/3/2")
    assert "1/3/3" in problem.expected


def test_a_row_cut_short_is_told(tmp_path):
    cells = rows()
    cells[3] = cells[3][:7]
    found = problems(write(tmp_path / "a.epw", cells))
    assert [(problem.line, problem.path, problem.found) for problem in found] == [
        (12, name, "nothing") for name in ("dew point", "pressure", "relative humidity")
    ]


def test_several_rows_an_hour_are_told_by_the_header(tmp_path):
    found = problems(write(tmp_path / "a.epw", periods="DATA PERIODS,1,4,Data,Sunday,1/1,12/31"))
    assert [(problem.line, problem.expected) for problem in found] == [(8, "1,1: one period, one row an hour")]


def test_a_dew_point_above_the_dry_bulb_is_rounding_up_to_a_fifth_of_a_kelvin_and_a_problem_beyond(tmp_path):
    cells = rows()
    cells[0][7] = "10.1"
    epw = read_epw(write(tmp_path / "a.epw", cells))
    assert epw.dew_point_k[0] == epw.dry_bulb_k[0]
    cells[0][7] = "10.9"
    (problem,) = problems(write(tmp_path / "a.epw", cells))
    assert (problem.line, problem.path) == (9, "dew point")


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "nothing"), (b"hello\n", "hello"), (b"\x00\xff\xfe", "\x00\ufffd\ufffd"), (LOCATION.encode(), "1 lines")],
)
def test_a_file_that_is_no_epw_is_told_in_one_problem(tmp_path, content, found):
    path = tmp_path / "notes.epw"
    path.write_bytes(content)
    (problem,) = problems(path)
    assert problem.found == found


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path):
    assert problems(tmp_path / "none.epw")[0].found == "No such file or directory"
    assert problems(tmp_path)[0].file == tmp_path.name


def test_a_file_far_larger_than_a_year_is_not_read(tmp_path):
    path = tmp_path / "big.epw"
    with path.open("wb") as file:
        file.truncate(30_000_000)
    assert problems(path)[0].expected == "an EPW file, about 1.5 MB"
