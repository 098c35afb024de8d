"""Build hook: `pip install .` from a clone builds the UI and ships it in the wheel.

An editable install looks for the UI in the source tree, where `make ui` puts it; AFFIDAVIT_SKIP_UI=1 spares
it the build. A wheel without its UI would be broken, so there the variable changes nothing.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "AFFIDAVIT_SKIP_UI"


class UiBuildHook(BuildHookInterface[Any]):
    """Runs scripts/build_ui.py before the files of a wheel or an sdist are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """`version` is "editable" or "standard". Raises RuntimeError with what is missing."""
        if version == "editable" and os.environ.get(SKIP) == "1":
            return
        build_ui = _load(Path(self.root) / "scripts" / "build_ui.py")
        try:
            build_ui.build(Path(self.root))
        except build_ui.UiNotBuilt as error:
            hint = (
                f"For an editable install without the UI set {SKIP}=1."
                if version == "editable"
                else ("Install Node.js (https://nodejs.org) and try again, or install a released wheel.")
            )
            raise RuntimeError(f"{error} {hint}") from None


def _load(path: Path) -> Any:
    """Import a file that is in no package: builds are isolated from the source tree's imports."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
