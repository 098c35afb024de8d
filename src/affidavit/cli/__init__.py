"""The command line. One module a command group; `common.py` holds what they share.

Exit codes: 0 done; 1 unforeseen; 2 usage or a request that can't be carried out; 3 invalid event; 4 not found;
5 forbidden; 6 storage; 7 integrity (fsck found a mismatch); 8 malformed proof; 9 a missing extra; 10 a verdict
FAILed; 11 some items of an import were rejected; 12 audit logging is off. `affidavit.errors` holds the table.
"""

from __future__ import annotations

import click

from affidavit.cli import (
    backup,
    case,
    config,
    demo,
    export,
    exports,
    fields,
    imports,
    key,
    log,
    query,
    record,
    reference,
    report,
    reveal,
    search,
    serve,
    tenant,
    user,
    verify,
    worker,
)
from affidavit.cli.common import Group
from affidavit.version import VERSION


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(VERSION, prog_name="affidavit")
def main() -> None:
    """Affidavit: an audit log, and compliance exports that prove themselves."""


main.add_command(record.init)
main.add_command(record.record)
main.add_command(imports.import_command)
main.add_command(export.export)
main.add_command(exports.exports)
main.add_command(verify.verify)
main.add_command(search.search)
main.add_command(reveal.reveal)
main.add_command(query.query)
main.add_command(fields.fields)
main.add_command(config.config)
main.add_command(log.log)
main.add_command(case.case)
main.add_command(reference.reference)
main.add_command(backup.backup)
main.add_command(backup.restore)
main.add_command(report.report)
main.add_command(tenant.tenant)
main.add_command(user.user)
main.add_command(key.key)
main.add_command(worker.worker)
main.add_command(serve.serve)
main.add_command(demo.demo)
