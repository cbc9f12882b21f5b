"""The words of the command line, nothing else. Heavy imports wait until a word needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rackwright.cache import Cache
    from rackwright.outcome import Outcome
    from rackwright.plan import WeeklyPlan
    from rackwright.program import Program
    from rackwright.study.cooling import Questions as CoolingQuestions
    from rackwright.study.network import NetworkQuestions
    from rackwright.study.planning import PlanQuestions
    from rackwright.study.power import PowerQuestions

app = typer.Typer(
    name="rackwright",
    help="AI-rack programs as code: one text file in; racks proven by physics, a weekly plan, gigawatts and money out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Argument(help="The program file.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when a finding failed.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Compute every stage anew.")]


class Format(StrEnum):
    """What `report` writes."""

    html = "html"
    json = "json"
    parquet = "parquet"
    xlsx = "xlsx"


class View(StrEnum):
    """One part of the rack stage."""

    power = "power"
    cooling = "cooling"
    network = "network"


@contextmanager
def _answers(as_json: bool) -> Iterator[None]:
    """Turn our errors into messages and exit codes; anything else is a bug and flies through."""
    from rackwright.errors import ProgramError, RackwrightError
    from rackwright.progress import Stopped

    try:
        yield
    except RackwrightError as error:
        if as_json:
            from rackwright.report.envelope import envelope, to_text

            problems = error.problems if isinstance(error, ProgramError) else ()
            _print(to_text(envelope(None, problems, str(error))))
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    except (Stopped, KeyboardInterrupt):
        typer.echo("stopped; nothing is half written", err=True)
        raise typer.Exit(130) from None


def _print(text: str) -> None:
    """Write text whatever the terminal's encoding; a closed pipe ends quietly."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def _cache(off: bool) -> Cache:
    from rackwright.cache import FolderCache, NoCache, default_folder

    return NoCache() if off else FolderCache(default_folder())


def _run(
    file: Path, until: str | None, no_cache: bool, previous: WeeklyPlan | None = None, refine_s: float | None = None
) -> Outcome:
    from rackwright.pipeline import run
    from rackwright.program import load
    from rackwright.progress import Console

    console = Console(sys.stderr)
    planner = None
    if refine_s is not None:
        from rackwright.study.planning import refined_by

        planner = refined_by(refine_s, console)
    try:
        return run(
            load(file), until=until, cache=_cache(no_cache), progress=console, previous=previous, planner=planner
        )
    finally:
        console.close()


def _finish(outcome: Outcome, strict: bool) -> None:
    if strict and any(item.outcome == "failed" for item in outcome.findings):
        raise typer.Exit(1)


def _show(outcome: Outcome, as_json: bool, page: str) -> None:
    if as_json:
        from rackwright.report.envelope import envelope, to_text

        _print(to_text(envelope(outcome)))
    else:
        _print(page)


def _stage(stage: str, file: Path, as_json: bool, strict: bool, no_cache: bool, view: str | None = None) -> None:
    with _answers(as_json):
        from rackwright.report.page import stage_page

        outcome = _run(file, stage, no_cache)
        _show(outcome, as_json, "" if as_json else stage_page(outcome, stage, view))
        _finish(outcome, strict)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.", metavar="FILE")] = Path("program.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file when it exists.")] = False,
) -> None:
    """Write a small commented program that plans at once."""
    with _answers(False):
        from rackwright.program.template import write_template

        for path in write_template(file, replace=force):
            typer.echo(f"wrote {path}")
        typer.echo(f"next: rackwright plan {file}")


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Read the program and say every problem; run nothing."""
    with _answers(as_json):
        from rackwright.program import load

        program = load(file)
        if as_json:
            from rackwright.report.envelope import envelope, to_text

            _print(to_text(envelope(None, message="no problems")))
            return
        _print(f"{file}: no problems. {_counts(program)}")


def _counts(program: Program) -> str:
    written = [figure for figure in program.figures if not figure.path.startswith("catalogue.")]
    by_status = {
        status: sum(figure.status == status for figure in written)
        for status in ("given", "published", "estimate", "assumed")
    }
    return f"{len(written)} values: " + ", ".join(f"{count} {status}" for status, count in by_status.items()) + "."


@app.command()
def plan(
    file: File,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the report goes; FILE.report.html when absent.")
    ] = None,
    as_json: AsJson = False,
    strict: Strict = False,
    no_cache: NoCache = False,
    show_defaults: Annotated[
        Path | None,
        typer.Option("--show-defaults", help="Write the program with every default filled in to this file and stop."),
    ] = None,
    write_model: Annotated[
        Path | None, typer.Option("--write-model", help="Write the linear program to this .mps or .lp file.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Plan again at every save and show the difference, until Ctrl-C.")
    ] = False,
    refine: Annotated[
        float | None,
        typer.Option(
            "--refine",
            min=0.0,
            metavar="SECONDS",
            help="Look for better whole modules by branch and bound, for so long or until Ctrl-C.",
        ),
    ] = None,
    mends: Annotated[
        bool, typer.Option("--mends", help="The cheapest three sets of the program's levers that end its lateness.")
    ] = False,
    promise: Annotated[
        list[str] | None,
        typer.Option(
            "--promise",
            metavar="SITE[:GENERATION]=RACKS",
            help="When can a site have so many more, at what cost, and who slips; repeatable.",
        ),
    ] = None,
    worth: Annotated[
        list[str] | None,
        typer.Option(
            "--worth",
            metavar="LIMIT[@WEEK]",
            help="What one more and one fewer of a limit of plan.bottlenecks are worth, and for how many; repeatable.",
        ),
    ] = None,
) -> None:
    """Plan the whole program; print one page and write the report."""
    with _answers(as_json):
        from rackwright.program import load

        if show_defaults is not None:
            from rackwright.program.template import write_whole

            write_whole(load(file), show_defaults)
            typer.echo(f"wrote {show_defaults}")
            return
        if watch:
            _watch(file, no_cache)
            return
        from rackwright.report.html import write_report
        from rackwright.report.page import plan_page
        from rackwright.study.planning import PlanQuestions

        outcome = _run(file, None, no_cache, refine_s=refine)
        if write_model is not None:
            from rackwright.pipeline import write_plan_model

            write_plan_model(outcome.program, write_model)
            typer.echo(f"wrote {write_model}", err=True)
        outcome, told = _asked(
            outcome,
            PlanQuestions(mends, gap=refine is not None, worth=tuple(worth or ()), promise=tuple(promise or ())),
        )
        place = out or file.with_suffix(".report.html")
        written, note = write_report(outcome, place)
        _show(outcome, as_json, "" if as_json else "\n".join((plan_page(outcome), *told)))
        typer.echo(f"report: {place}" if written else f"no report: {note}", err=True)
        _finish(outcome, strict)


def _asked(outcome: Outcome, questions: PlanQuestions) -> tuple[Outcome, tuple[str, ...]]:
    """The outcome with what its plan was asked, and the answers in words."""
    from rackwright.progress import Console
    from rackwright.study.planning import study_plan

    if not questions.any():
        return outcome, ()
    console = Console(sys.stderr)
    try:
        return study_plan(outcome, questions, progress=console)
    finally:
        console.close()


def _watch(file: Path, no_cache: bool) -> None:
    """Answer every save of the file from one live plan."""
    from rackwright.program import load
    from rackwright.progress import Console
    from rackwright.report.page import stage_heads
    from rackwright.study.session import Session
    from rackwright.study.watch import answers

    console = Console(sys.stderr)
    try:
        session = Session(load(file), cache=_cache(no_cache), progress=console)
        console.close()
        _print("\n".join(stage_heads(session.reply.outcome, "plan")))
        for text in answers(session, file):
            console.close()
            _print(text)
    finally:
        console.close()


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The program before.", metavar="A")],
    after: Annotated[Path, typer.Argument(help="The program after.", metavar="B")],
    as_json: AsJson = False,
    no_cache: NoCache = False,
) -> None:
    """What changed between two programs, and what that changed along the whole chain."""
    with _answers(as_json):
        from rackwright.report.diff import compare, diff_lines, difference_json
        from rackwright.report.envelope import to_text

        old = _run(before, None, no_cache)
        difference = compare(old, _run(after, None, no_cache, previous=old.plan), before.name, after.name)
        _print(to_text(difference_json(difference)) if as_json else "\n".join(diff_lines(difference)))


@app.command()
def explain(
    file: File,
    where: Annotated[
        str, typer.Argument(help="A headline or a program path, such as rack.gb300.power_w.", metavar="WHERE")
    ],
    as_json: AsJson = False,
) -> None:
    """Why a number is what it is: the tree down to file:line or source."""
    with _answers(as_json):
        from dataclasses import asdict

        from rackwright.report.envelope import to_text
        from rackwright.report.explain import explain as explain_number
        from rackwright.report.explain import lines

        reason = explain_number(_run(file, None, False), where)
        _print(to_text(asdict(reason)) if as_json else "\n".join(lines(reason)))


@app.command()
def catalogue(
    kind: Annotated[str | None, typer.Argument(help="A kind of part, such as chips; all kinds when absent.")] = None,
    key: Annotated[str | None, typer.Argument(help="One entry of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the shipped parts, racks and costs with their sources."""
    with _answers(as_json):
        from rackwright.report.envelope import to_text
        from rackwright.report.page import catalogue_lines, catalogue_rows

        _print(to_text(catalogue_rows(kind, key)) if as_json else "\n".join(catalogue_lines(kind, key)))


@app.command()
def schema(output: Annotated[bool, typer.Option("--output", help="The schema of what --json prints.")] = False) -> None:
    """Print the JSON Schema of the program file."""
    import json

    from rackwright.program.schema import json_schema
    from rackwright.report.envelope import envelope_schema

    _print(json.dumps(envelope_schema() if output else json_schema(), indent=1, ensure_ascii=False))


@app.command()
def report(
    file: File,
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.html,
    out: Annotated[Path | None, typer.Option("--out", help="File, or folder for parquet.")] = None,
    no_cache: NoCache = False,
) -> None:
    """Write the report: HTML, JSON, a folder of Parquet tables, or Excel."""
    with _answers(False):
        from rackwright.report.files import write_format

        typer.echo(f"wrote {write_format(_run(file, None, no_cache), form.value, out or _place(file, form))}")


def _place(file: Path, form: Format) -> Path:
    endings: dict[Format, str] = {
        Format.html: ".report.html",
        Format.json: ".json",
        Format.parquet: ".tables",
        Format.xlsx: ".xlsx",
    }
    return file.with_suffix(endings[form])


@app.command()
def rack(
    file: File,
    view: Annotated[View | None, typer.Argument(help="power, cooling or network; all when absent.")] = None,
    hours: Annotated[bool, typer.Option("--hours", help="cooling: through 8,760 hours at every site.")] = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="power: every single loss; cooling: every single failure, and mends.")
    ] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="power: every pair of losses.")] = False,
    waveform: Annotated[
        bool, typer.Option("--waveform", help="power: training steps, brown-outs and outages on the bus; stability.")
    ] = False,
    architectures: Annotated[
        bool, typer.Option("--architectures", help="power: ways to feed the rack, side by side.")
    ] = False,
    utility: Annotated[bool, typer.Option("--utility", help="power: what the utility sees of a site.")] = False,
    smooth: Annotated[
        bool,
        typer.Option("--smooth", help="power: the cheapest mix that lets a site pass; half a minute a rack and site."),
    ] = False,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="power: a rack's power, recorded (CSV or Parquet).", metavar="FILE")
    ] = None,
    margin: Annotated[bool, typer.Option("--margin", help="cooling: the margin as a distribution.")] = False,
    pressure: Annotated[
        bool, typer.Option("--pressure", help="cooling: pressures, ratings, boiling, rated points.")
    ] = False,
    controls: Annotated[
        bool, typer.Option("--controls", help="cooling: pumps and valves at falling load, racks out of service.")
    ] = False,
    mixed: Annotated[str, typer.Option("--mixed", help="cooling: generations on one loop, such as a,b.")] = "",
    transient: Annotated[bool, typer.Option("--transient", help="cooling: seconds to throttle after a trip.")] = False,
    network: Annotated[
        Path | None, typer.Option("--network", help="cooling: your own loop, EPANET.", metavar="INP")
    ] = None,
    weather: Annotated[Path | None, typer.Option("--weather", help="cooling: an EPW file.", metavar="EPW")] = None,
    load: Annotated[
        bool, typer.Option("--load", help="network: exact load of every link, unfailed and after failures.")
    ] = False,
    hashed: Annotated[bool, typer.Option("--hashed", help="network: flows hashed to one path each.")] = False,
    cables: Annotated[
        bool, typer.Option("--cables", help="network: cables and modules of a cluster laid on a floor.")
    ] = False,
    cut_list: Annotated[
        Path | None,
        typer.Option("--cut-list", help="network: every cable, as CSV and Parquet, into a folder.", metavar="FOLDER"),
    ] = None,
    collectives: Annotated[
        bool, typer.Option("--collectives", help="network: times of collectives, exposed time, lossless headroom.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="network: a cluster's files for other programs.", metavar="FOLDER"),
    ] = None,
    export_as: Annotated[
        str, typer.Option("--as", help="network: which of netbox,infragraph,excel; all unless given.")
    ] = "",
    growth: Annotated[
        bool, typer.Option("--growth", help="network: the fabric in stages, and the cables that move.")
    ] = False,
    fabric: Annotated[
        Path | None, typer.Option("--fabric", help="network: a given fabric, InfraGraph.", metavar="FILE")
    ] = None,
    outages: Annotated[
        bool, typer.Option("--outages", help="network: GPU-hours that jobs lose to the fabric.")
    ] = False,
    choose: Annotated[
        bool, typer.Option("--choose", help="network: other fabrics for the same cluster, those that none beats.")
    ] = False,
    racks: Annotated[
        int | None, typer.Option("--racks", min=1, help="network: racks of the cluster whose failures are studied.")
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="One site; cooling: with its hours; power: with --utility.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="power: waveforms and spectra as an HTML page.", metavar="HTML")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the tables as Parquet.")] = None,
    as_json: AsJson = False,
    strict: Strict = False,
    no_cache: NoCache = False,
) -> None:
    """Design one rack of each generation and check every limit; study its power and its cooling."""
    with _answers(as_json):
        from rackwright.report.page import stage_page

        of_power = pairs or utility or waveform or architectures or smooth or trace is not None
        of_power = of_power or view is View.power
        through_hours = hours or weather is not None or (site is not None and not of_power)
        of_cooling = through_hours or margin or pressure or controls or mixed or transient or network is not None
        of_cooling = of_cooling or (failures and view in (None, View.cooling))
        outcome = _run(file, "rack", no_cache)
        if of_power:
            from rackwright.study.power import PowerQuestions

            view = view or View.power
            singles = failures and view is View.power
            seen = utility or smooth or (trace is not None and not waveform)
            asked = PowerQuestions(singles, pairs, waveform, architectures, seen, smooth, trace, site)
            outcome = _studied(outcome, asked)
        laid = cables or cut_list is not None
        more = growth or export is not None or fabric is not None
        if view is View.network or load or hashed or choose or laid or collectives or outages or more:
            from rackwright.study.network import NetworkQuestions
            from rackwright.study.network_export import OF_CABLES, exports_of

            view = view or View.network
            files = exports_of([word.strip() for word in export_as.split(",") if word.strip()]) if export else ()
            laid = laid or not OF_CABLES.isdisjoint(files)
            asked_network = NetworkQuestions(
                load or failures,
                hashed,
                choose,
                laid,
                racks,
                collectives,
                outages,
                cut_list,
                export,
                files,
                fabric,
                growth,
            )
            outcome = _studied(outcome, asked_network)
        if page is not None:
            from rackwright.study.wave_page import wave_page

            page.write_text(wave_page(outcome), encoding="utf-8")
            typer.echo(f"wrote {page}", err=True)
        if of_cooling:
            from rackwright.study.cooling import Questions

            view = view or View.cooling
            together = tuple(name.strip() for name in mixed.split(",") if name.strip())
            questions = Questions(
                hours=through_hours, failures=failures, margin=margin, transient=transient, pressure=pressure,
                controls=controls, mixed=together, network=network, weather=weather, site=site,
            )  # fmt: skip
            outcome = _studied(outcome, questions)
        if out is not None:
            from rackwright.report.files import write_format

            typer.echo(f"wrote {write_format(outcome, 'parquet', out)}", err=True)
        _show(outcome, as_json, "" if as_json else stage_page(outcome, "rack", view.value if view else None))
        _finish(outcome, strict)


def _studied(outcome: Outcome, questions: CoolingQuestions | PowerQuestions | NetworkQuestions) -> Outcome:
    """The outcome with a study's answers; progress goes to standard error."""
    from rackwright.progress import Console
    from rackwright.study.cooling import study_cooling
    from rackwright.study.network import NetworkQuestions, study_network
    from rackwright.study.power import PowerQuestions, study_power

    console = Console(sys.stderr)
    try:
        if isinstance(questions, PowerQuestions):
            return study_power(outcome, questions, progress=console)
        if isinstance(questions, NetworkQuestions):
            return study_network(outcome, questions, progress=console)
        return study_cooling(outcome, questions, progress=console)
    finally:
        console.close()


@app.command()
def plant(
    file: File,
    played: Annotated[
        bool, typer.Option("--simulate", help="Each plant's line played rack by rack, one generation at a time.")
    ] = False,
    worth: Annotated[
        bool, typer.Option("--worth", help="What one more place, person, kW and point of yield bring the played line.")
    ] = False,
    name: Annotated[str | None, typer.Option("--plant", help="One plant of several.", metavar="NAME")] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=4, max=520, help="Weeks that are played.")] = 26,
    replications: Annotated[
        int, typer.Option("--replications", min=2, max=1000, help="Times that they are played.")
    ] = 10,
    as_json: AsJson = False,
    strict: Strict = False,
    no_cache: NoCache = False,
) -> None:
    """What each plant can build, and what holds it back."""
    with _answers(as_json):
        from rackwright.report.page import stage_page

        outcome = _run(file, "plant", no_cache)
        if played or worth or name is not None:
            from rackwright.progress import Console
            from rackwright.study.simulate import SimulationQuestions, study_plants

            console = Console(sys.stderr)
            try:
                outcome = study_plants(outcome, SimulationQuestions(name, weeks, replications, worth), progress=console)
            finally:
                console.close()
        _show(outcome, as_json, "" if as_json else stage_page(outcome, "plant", None))
        _finish(outcome, strict)


def _stage_word(stage: str, meaning: str) -> None:
    def word(file: File, as_json: AsJson = False, strict: Strict = False, no_cache: NoCache = False) -> None:
        _stage(stage, file, as_json, strict, no_cache)

    word.__doc__ = meaning
    app.command(stage)(word)


for _name, _meaning in (
    ("roadmap", "What the models need: training runs and serving loads on each generation."),
    ("demand", "How many racks must be live, by when."),
    ("evaluation", "Whether the sample racks hold what the design promises."),
    ("buildout", "When the gigawatts are live, and for how much."),
    ("agreement", "What the right, not the duty, to buy is worth."),
):
    _stage_word(_name, _meaning)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        import rackwright

        typer.echo(f"rackwright {rackwright.__version__}")
        raise typer.Exit


def main() -> Any:
    """Entry point of the command."""
    return app()


if __name__ == "__main__":
    main()
