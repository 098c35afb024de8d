"""What the commands share: options, opening a log, human or JSON output, errors to exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from affidavit.errors import AffidavitError, InvalidQuery
from affidavit.log.audit_log import DEFAULT_HOME, AuditLog
from affidavit.log.registry import DEFAULT_TENANT

EXIT_VERDICT_FAILED: Final = 10
EXIT_SOME_REJECTED: Final = 11
_AS_JSON: Final = "affidavit.as_json"
Command = TypeVar("Command", bound=Callable[..., Any])


class Group(click.Group):
    """A click group whose commands end with the error's exit code and its message on standard error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember whether errors are to be JSON too."""
        ctx.meta[_AS_JSON] = ctx.meta.get(_AS_JSON, False) or "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; AffidavitError becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except AffidavitError as error:
            if ctx.meta.get(_AS_JSON):
                click.echo(json.dumps(_as_json(error)))
            else:
                click.echo(f"affidavit: {error}", err=True)
                for note in getattr(error, "__notes__", ()):
                    click.echo(note, err=True)
            raise SystemExit(error.exit_code) from None
        except BrokenPipeError:
            raise SystemExit(1) from None


def _as_json(error: AffidavitError) -> dict[str, Any]:
    found = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    return {**found, "column": error.column} if isinstance(error, InvalidQuery) and error.column else found


def home_option(command: Command) -> Command:
    """`--home` and `--tenant`."""
    tenant = click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Tenant by name.")
    home = click.option(
        "--home",
        default=DEFAULT_HOME,
        show_default=True,
        envvar="AFFIDAVIT_HOME",
        type=click.Path(file_okay=False),
        help="Folder of the log.",
    )
    return home(tenant(command))


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object for machines.")(command)


def open_log(home: str, tenant: str, *, create: bool = False) -> AuditLog:
    """The log of an existing home."""
    return AuditLog.open(home, tenant=tenant, create=create)


def emit(as_json: bool, value: Any, words: str | Callable[[], str]) -> None:
    """Print `value` as JSON, or `words`."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False))
    else:
        click.echo(words if isinstance(words, str) else words())


def progress_bar(quiet: bool) -> Progress:
    """A progress bar on standard error; silent where nobody looks."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )


def plural(count: int, noun: str) -> str:
    """ "1 event", "2,900 events"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
