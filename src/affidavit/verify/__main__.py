"""`python -m affidavit.verify BUNDLE --trust FILE [--json]`: the verifier alone.

Ends with 0 where nothing FAILs, 8 where something does, 2 for wrong arguments or trust files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from affidavit.errors import AffidavitError, MalformedProof
from affidavit.verify import verify_bundle
from affidavit.verify.words import words


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one bundle and print what was found; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m affidavit.verify", description="Verify an evidence bundle.")
    parser.add_argument("bundle", help="the zip")
    parser.add_argument("--trust", required=True, help="the trust file, from the log's operator and not from the zip")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        result = verify_bundle(given.bundle, given.trust, processes=2)
    except AffidavitError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    out = json.dumps(result.to_json(), ensure_ascii=True, indent=2) + "\n" if given.json else words(result)
    sys.stdout.write(out)
    return 0 if result.ok else MalformedProof.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
