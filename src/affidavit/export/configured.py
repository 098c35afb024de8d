"""Configured: what a tenant's configuration allows of exports, and what it masks beyond their profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from affidavit.export.spec import ExportSpec, InvalidSpec
from affidavit.log import configuration
from affidavit.masking.overrides import base_name
from affidavit.masking.profiles import Profile, builtin


def check_format(log: Any, spec: ExportSpec) -> None:
    """Raises InvalidSpec for a format that the configuration does not allow, naming those it does."""
    allowed = configuration.read(log).export_formats
    if spec.format not in allowed:
        raise InvalidSpec(
            f"format: {spec.format!r} is not allowed here", f"Allowed: {', '.join(allowed)}", field="format"
        )


def configured_profile(log: Any, profile: str | Profile) -> Profile:
    """A masking profile under the configuration's own masks, as they stand now. `internal` stays as it is.

    A name may be one that events and manifests tell of a profile under such masks.
    """
    found = profile if isinstance(profile, Profile) else builtin(base_name(profile))
    return configuration.read(log).overrides.over(found)


def configured(log: Any, spec: ExportSpec) -> ExportSpec:
    """The spec with its profile under the configuration's masks."""
    profile = configured_profile(log, spec.profile)
    return replace(spec, profile=profile) if profile.more is not None else spec
