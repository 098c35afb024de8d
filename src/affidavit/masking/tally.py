"""Tally: how many identifiers were replaced in free text, for manifests and for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from affidavit.masking import detectors


@dataclass(slots=True)
class Tally:
    """What was replaced in free text so far, by kind: identifiers, and cells that had any."""

    identifiers: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)

    def add(self, found: Mapping[str, int], cells: int) -> None:
        """Count what was found in one value that stands in so many cells."""
        for kind, number in found.items():
            self.identifiers[kind] += number * cells
            self.cells[kind] += cells

    def told(self) -> list[dict[str, Any]]:
        """For manifests: kind, identifiers, cells, strongest kinds first."""
        return [
            {"kind": kind, "identifiers": self.identifiers[kind], "cells": self.cells[kind]}
            for kind in detectors.KINDS
            if self.identifiers[kind]
        ]

    @property
    def words(self) -> str:
        """For people: `2 e-mail in 14 cells, 1 IBAN in 1 cell`; empty where nothing was replaced."""
        each = ((one["kind"], one["identifiers"], one["cells"]) for one in self.told())
        return ", ".join(f"{n:,} {kind} in {cells:,} {'cell' if cells == 1 else 'cells'}" for kind, n, cells in each)
