"""`affidavit serve`."""

from __future__ import annotations

import click

from affidavit.cli.common import home_option, open_log

# The web stack is imported when it is used: the other commands stay quick.
HOST = "127.0.0.1"
PORT = 8765


@click.command()
@home_option
@click.option("--host", default=HOST, show_default=True, help="A loopback address: there is no sign-in yet.")
@click.option("--port", default=PORT, show_default=True, type=int, help="0 is any free port.")
def serve(home: str, tenant: str, host: str, port: int) -> None:
    """Serve the export form and the API on the loopback address, without sign-in.

    Stop it with Ctrl-C or SIGTERM: downloads under way get 10 seconds.
    """
    from affidavit.web import server

    with open_log(home, tenant) as log, server.listen(host, port) as listener:
        server.serve(log, listener, announce)


def announce(address: str) -> None:
    """Say where it listens, and what protects it."""
    from affidavit.web.server import NO_SIGN_IN

    click.echo(f"listening on {address}")
    click.echo(f"{NO_SIGN_IN}. Stop with Ctrl-C")
