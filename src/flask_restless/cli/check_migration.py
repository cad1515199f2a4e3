"""`flask-restless check-migration MODULE:APP`: what an application of an earlier generation has to know."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, TextIO

import click
from flask import Flask

from ..migration.checks import Section, check, guess
from ..migration.differences import GENERATIONS, GUIDES, TITLES, Severity, differences_of
from ..migration.recording import Recording, record
from ..migration.requests import Tally, problems_first, tally

COLOURS = {Severity.BREAKS: "red", Severity.CHANGES: "yellow", Severity.FINE: "green"}


@click.command(name="check-migration")
@click.argument("application", metavar="MODULE[:APP]")
@click.option(
    "--from", "generation", type=click.Choice(GENERATIONS), help="Generation it was written for. Default: guessed."
)
@click.option("--requests", type=click.File(errors="replace"), help="Access log, or one URL a line: what clients send.")
@click.option("--all", "everything", is_flag=True, help="List what works as it did, too.")
def check_migration(application: str, generation: str | None, requests: TextIO | None, everything: bool) -> None:
    """Report which options, processors and defaults of an application mean something else here.

    The application, or the function APP that makes it, is imported and not served.  Ends with 1 if something breaks.
    """
    recording = _recording(application)
    if not any(manager.apis for manager in recording.managers):
        raise click.ClickException(f"{application} creates no API; name the function that does: MODULE:create_app")
    guessed = guess(recording)
    generation = generation or guessed or "0.17"
    told = "" if generation != guessed else " (guessed; --from says otherwise)"
    click.echo(f"Written for {TITLES[generation]}{told}. The guide: docs/migration/{GUIDES[generation]}.html\n")
    checked = check(recording, generation)
    worst = max([_show(section, generation, everything) for section in checked.sections], default=Severity.FINE)
    shown = {one.row for section in checked.sections for one in section.findings}
    others = [row for row in differences_of(generation) if row not in shown and row.severity is Severity.CHANGES]
    click.echo(f"{len(others)} more differences concern every API; the guide lists them.")
    if requests is not None:
        found = tally(_watched(requests), checked.registries, generation)
        worst = max(worst, _show_requests(found, generation))
    sys.exit(1 if worst is Severity.BREAKS else 0)


def _recording(application: str) -> Recording:
    """Import the application with the stand-in in place; ClickException tells why that is not possible."""
    module, _, name = application.partition(":")
    try:
        return record(lambda: _load(module, name))
    except (ImportError, SyntaxError) as error:
        raise click.ClickException(f"{module} cannot be imported: {type(error).__name__}: {error}") from error


def _load(module: str, name: str) -> None:
    path = Path(module)
    if path.suffix == ".py":
        sys.path.insert(0, str(path.resolve().parent))
        module = path.stem
    else:
        sys.path.insert(0, str(Path.cwd()))
    try:
        loaded = importlib.import_module(module)
        if name:
            _called(loaded, name)
    finally:
        del sys.path[0]


def _called(module: Any, name: str) -> None:
    """Call a function that makes an application; an application itself is there already."""
    made: object = getattr(module, name, None)
    if made is None:
        raise click.ClickException(f"{module.__name__} has no {name}")
    if callable(made) and not isinstance(made, Flask):
        factory: Callable[[], object] = made
        try:
            signature(factory).bind()
        except TypeError as error:
            raise click.ClickException(f"{name} cannot be called without arguments: {error}") from None
        factory()


def _show(section: Section, generation: str, everything: bool) -> Severity:
    """Print one section; give its worst."""
    click.secho(section.title, bold=True)
    shown = [one for one in section.findings if everything or one.severity is not Severity.FINE]
    for one in sorted(shown, key=lambda one: -one.severity):
        click.secho(f"  {one.severity.word:8}", fg=COLOURS[one.severity], nl=False)
        click.echo(f"{one.subject}: {one.text}")
        if one.row is not None:
            click.echo(f"          {one.row.link(generation)}")
    if not shown:
        click.echo("  works as it is")
    click.echo()
    return max((one.severity for one in section.findings), default=Severity.FINE)


def _watched(lines: TextIO) -> Iterable[str]:
    """Show a progress bar while a long log is read, on a terminal and where tqdm is installed."""
    if not sys.stderr.isatty() or find_spec("tqdm") is None:
        return lines
    return _with_bar(lines)


def _with_bar(lines: TextIO) -> Iterator[str]:
    from tqdm import tqdm

    size = Path(lines.name).stat().st_size if Path(lines.name).is_file() else None
    with tqdm(total=size, unit="B", unit_scale=True, desc="requests") as bar:
        for line in lines:
            bar.update(len(line.encode("utf-8", "replace")))
            yield line


def _show_requests(found: Tally, generation: str) -> Severity:
    """Print what the requests of a log come to; give the worst."""
    click.secho("\nRequests", bold=True)
    click.echo(
        f"  {found.lines} read: {found.fine} as before, {found.writes} writes and {found.elsewhere} to other URLs "
        "not looked at"
    )
    for one in problems_first(found):
        click.secho(f"  {one.severity.word:8}", fg=COLOURS[one.severity], nl=False)
        click.echo(f"{one.count} x {one.text}")
        click.echo(f"          for instance {one.example}")
        if one.row is not None:
            click.echo(f"          {one.row.link(generation)}")
    return max((one.severity for one in found.seen.values()), default=Severity.FINE)
