"""The bundle's README.txt: what lies in it and how to check it, in plain words. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

QUERY_CHARS_MAX: Final = 2000
_LEVELS: Final = {
    "full": "every entry of the period, so that nothing can be left out unseen",
    "rows": "the exported entries alone: that none was left out is not proven",
    "none": "the data file and its attestation, without entries",
}


def text(manifest: dict[str, Any]) -> str:
    """The text for this manifest. The manifest's other parts are the truth; this repeats them."""
    export, counts = manifest["export"], manifest["counts"]
    columns = "\n".join(f"  {column['label']}: {_column(column)}" for column in manifest["columns"])
    query = json.dumps(manifest["query"], ensure_ascii=False)
    if len(query) > QUERY_CHARS_MAX:
        query = query[:QUERY_CHARS_MAX] + " … (whole in manifest.json)"
    return f"""\
An export of an audit log, with its evidence.

Export      {export["id"]}
Created     {export["created"]}
For         {_shown(export["recipient"])}
Reason      {_shown(export["reason"])}
Rows        {counts["rows"]}, none cut off; {counts["masked"]} values masked
Times       shown in {manifest["zone"]["name"]}
Profile     {manifest["profile"]} (masked values are not anonymous: the operator can still open them)
Asked for   {query}
Evidence    {manifest["evidence"]}: {_LEVELS[manifest["evidence"]]}

Columns
{columns}

Files
  {manifest["data"]["name"]}: the rows
  manifest.json: what was asked, and the SHA-256 of the files
  entries, openings, salts, hidden: what hashes the rows into the log
  checkpoint, proof, attestation: the signed roots of the logs, and the way to them

How to check it
  affidavit verify BUNDLE --trust FILE

The trust file has the keys to believe. Get it from the operator by another way than this bundle: whoever could
change the bundle could change keys inside it.
verify.html does the same in a browser, without a network. The one in here comes from whoever made this bundle: take
a released copy, whose SHA-256 the trust file has.

What it does not prove: that every real act reached the log, that what was recorded is true, or, without witnesses
and timestamps, that no other version of the log exists.
"""


def _shown(value: str | None) -> str:
    return " ".join(value.split()) if value else "not said"


def _column(column: dict[str, Any]) -> str:
    mask = column["mask"]["mask"]
    how = "as recorded" if mask == "keep" else f"masked ({mask})"
    return f"{column['path']}, {how}"
