"""`affidavit verify`."""

from __future__ import annotations

import json

import click

from affidavit.cli.common import EXIT_VERDICT_FAILED, json_option
from affidavit.verify import load_trust, verify_bundle
from affidavit.verify.words import words


@click.command()
@click.argument("bundle", type=click.Path())
@click.option("--trust", "trust_file", required=True, type=click.Path(), help="Trust file, from outside the bundle.")
@json_option
@click.pass_context
def verify(ctx: click.Context, bundle: str, trust_file: str, as_json: bool) -> None:
    """Check a bundle offline. Ends with 0 only if nothing FAILed; 10 if something did."""
    result = verify_bundle(bundle, load_trust(trust_file), processes=2)
    click.echo(json.dumps(result.to_json(), ensure_ascii=False) if as_json else words(result))
    if not result.ok:
        ctx.exit(EXIT_VERDICT_FAILED)
