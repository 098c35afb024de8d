"""Opening: which tenant a home is opened for, under the right key, and the fields it declares."""

from __future__ import annotations

from pathlib import Path

from affidavit import settings as settings_module
from affidavit.errors import InvalidRequest, NotFound
from affidavit.log import keys, registry
from affidavit.log.database import Database
from affidavit.log.registry import DEFAULT_TENANT, MAIN, Tenant
from affidavit.paths import DeclaredFields


def find_or_create(database: Database, log_keys: keys.Keys, name: str, zone: str, *, create: bool) -> Tenant:
    """The tenant called `name`; the default one is made where `create` allows.

    Raises NotFound, and InvalidRequest where the master key is not the one it was made with.
    """
    try:
        found = registry.find_tenant(database, name)
    except NotFound:
        if not create or name != DEFAULT_TENANT:
            raise
        try:
            found = registry.create_tenant(database, log_keys, name, zone)
        except InvalidRequest:  # another process was quicker
            found = registry.find_tenant(database, name)
    main = found.log(MAIN)
    if str(log_keys.checkpoint_key(main.origin, main.generation).verifier()) != main.keys[-1].vkey:
        raise InvalidRequest(
            f"the master key is not the one that tenant {name} was made with",
            "Restore keys/master.key of this home, or set AFFIDAVIT_MASTER_KEY",
        )
    return found


def declared_fields(home: Path, settings: settings_module.Settings, tenant: Tenant) -> DeclaredFields:
    """The declared fields of the home's file and of the tenant; the tenant's win."""
    file = home / settings.declared_fields
    fields = dict(tenant.declared.fields)
    if file.is_file():
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"declared fields {file}: {error}", "Make it a readable file of UTF-8") from None
        fields = {**DeclaredFields.from_toml(text).fields, **fields}
    return DeclaredFields(fields)
