"""`affidavit serve`."""

from __future__ import annotations

import click

from affidavit.cli.common import home_option, open_log
from affidavit.errors import InvalidRequest

# The web stack is imported when it is used: the other commands stay quick.
HOST = "127.0.0.1"
PORT = 8765


@click.command()
@home_option
@click.option("--host", default=HOST, show_default=True, help="Without --sign-in a loopback address.")
@click.option("--port", default=PORT, show_default=True, type=int, help="0 is any free port.")
@click.option("--sign-in/--no-sign-in", default=False, show_default=True, help="Ask for an API key or a password.")
@click.option("--url", default="", help="Its address for people, behind a proxy: https://audit.example.org")
def serve(home: str, tenant: str, host: str, port: int, *, sign_in: bool, url: str) -> None:
    """Serve the form and the API. Without --sign-in on the loopback address alone, to every user of the machine.

    With --sign-in every tenant is served, each its own log; the form offers --tenant first.

    Stop it with Ctrl-C or SIGTERM: downloads under way get 10 seconds.
    """
    from affidavit.web import server

    if url and not url.startswith(("https://", "http://")):
        raise InvalidRequest(f"--url {url[:80]!r}", "Begin with https://")
    with open_log(home, tenant) as log, server.listen(host, port, sign_in=sign_in) as listener:
        if not sign_in:
            server.serve(log, listener, announce)
            return
        from affidavit.access import people

        token = "" if people.has_admin(log) else people.first_admin(log)

        def said(address: str) -> None:
            click.echo(f"listening on {address}")
            click.echo("Sign-in is required. Stop with Ctrl-C")
            if token:
                where = f"{(url or address).rstrip('/')}/welcome?token={token}"
                click.echo(f"There is no admin yet. Choose a password for one, by this link, once: {where}")

        server.serve(log, listener, said, sign_in=True, secure=url.startswith("https://"), url=url)


def announce(address: str) -> None:
    """Say where it listens, and what protects it."""
    from affidavit.web.server import NO_SIGN_IN

    click.echo(f"listening on {address}")
    click.echo(f"{NO_SIGN_IN}. Stop with Ctrl-C")
