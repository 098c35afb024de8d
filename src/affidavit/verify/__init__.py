"""The verifier: what a stranger runs over a bundle, with a trust file that did not come from it.

    result = verify_bundle(Path("export.zip"), Path("trust.json"))
    for verdict in result.verdicts.values():
        print(verdict.name, verdict.status, verdict.reason)

Memory does not grow with rows or entries: in memory are the manifest (its ranges above all), the supporting events
and the last 65,536 shapes; entries are spooled to temporary files (about 200 bytes each).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from affidavit.verify.bundle import verify_bundle
    from affidavit.verify.trust import Trust, load_trust
    from affidavit.verify.verdict import VERDICTS, Result, Status, Step, Verdict

__all__ = [
    "VERDICTS",
    "Result",
    "Status",
    "Step",
    "Trust",
    "Verdict",
    "load_trust",
    "verify_bundle",
]

_HOMES: Final = {"verify_bundle": "bundle", "load_trust": "trust", "Trust": "trust"}
"""Names are imported when they are first used: a second process needs a part of the verifier, and begins sooner."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'affidavit.verify' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"affidavit.verify.{_HOMES.get(name, 'verdict')}"), name)
    return value
