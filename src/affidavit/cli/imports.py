"""`affidavit import`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from affidavit.cli.common import EXIT_SOME_REJECTED, emit, home_option, json_option, open_log, plural, progress_bar
from affidavit.errors import InvalidRequest
from affidavit.interchange import FORMATS
from affidavit.log.importer import ImportResult, Reject, import_files, rejects_writer
from affidavit.log.registry import MAIN

REJECTS_SHOWN = 5
LARGE_BYTES = 8 << 20  # from here on, parsing goes to a process of its own


class _Rejects:
    """Writes rejects to a file, or shows the first few."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._shown = 0

    @contextmanager
    def open(self) -> Iterator[_Rejects]:
        if self._file is None:
            yield self
            return
        try:
            # Appended to: a second run hands over only what is new, and must not lose what the first one wrote.
            with Path(self._file).open("a", encoding="utf-8", errors="backslashreplace") as out:
                self._write = rejects_writer(out)
                yield self
        except OSError as error:
            raise InvalidRequest(f"rejects file {self._file}: {error.strerror}", "Choose another place") from error

    def __call__(self, reject: Reject) -> None:
        if self._file is not None:
            self._write(reject)
        elif self._shown < REJECTS_SHOWN:
            click.echo(f"{reject.source}:{reject.line}: {reject.error}", err=True)
        self._shown += 1


def _is_large(paths: tuple[str, ...]) -> bool:
    """Whether more processes are worth their start. Folders are taken as they are: large."""
    given = [Path(path) for path in paths]
    return any(path.is_dir() for path in given) or sum(p.stat().st_size for p in given if p.exists()) > LARGE_BYTES


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@home_option
@click.option("--format", "format", type=click.Choice(sorted(FORMATS)), required=True)
@click.option(
    "--rejects", type=click.Path(dir_okay=False), help="Append items that could not be recorded here, as NDJSON."
)
@click.option("--label", default="", help="Tells sources apart whose files may hold equal lines at equal places.")
@click.option("--stream", default=MAIN, show_default=True)
@json_option
@click.pass_context
def import_command(
    ctx: click.Context,
    paths: tuple[str, ...],
    home: str,
    tenant: str,
    format: str,
    rejects: str | None,
    label: str,
    stream: str,
    as_json: bool,
) -> None:
    """Import files and folders (.gz too). Run it again any time: nothing doubles.

    Ends with 11 where items were rejected; the others are recorded all the same.
    """
    sink = _Rejects(rejects)
    with open_log(home, tenant) as log, progress_bar(as_json) as bar, sink.open():
        task = bar.add_task("Importing", total=None)

        def show(file: str, done: int, total: int, _result: ImportResult) -> None:
            bar.update(task, description=file.rpartition("/")[2][-40:], completed=done, total=total)

        result = import_files(
            log, paths, format, label=label, stream=stream, on_reject=sink, progress=show, elsewhere=_is_large(paths)
        )
    words = (
        f"{plural(result.items, 'item')} in {plural(result.files, 'file')}: {result.recorded:,} recorded, "
        f"{result.known:,} known already, {result.rejected:,} rejected"
    )
    if result.secrets:
        words += f"\nSecrets left out: {result.secrets:,}"
    if result.rejected and rejects is None:
        words += "\nTo keep the rejected items, add --rejects FILE"
    emit(as_json, asdict(result), words)
    if result.rejected:
        ctx.exit(EXIT_SOME_REJECTED)
