"""Profiles: the built-in ones against COMPLIANCE's table, one's own, and mistakes named."""

from __future__ import annotations

import re
from pathlib import Path as File

import pyarrow as pa
import pytest

from affidavit.errors import InvalidRequest, NotFound
from affidavit.masking.masks import MASK_NAMES
from affidavit.masking.profiles import BUILTIN, Profile, builtin, from_toml, matches, owners_of
from affidavit.masking.tokens import TokenKeys
from affidavit.paths import CLASSES, PATHS, PUBLIC_KEYS, Path, lookup


def mask_name(profile: str, path: str) -> str:
    found = lookup(path)
    assert found is not None
    return builtin(profile).mask_for(found).name


@pytest.mark.parametrize("name", BUILTIN)
def test_every_path_has_a_mask_that_describes_itself(name: str) -> None:
    profile = builtin(name)
    assert profile.name == name
    for path in [*PATHS.values(), *PUBLIC_KEYS.values(), *(Path("details.x", "s", cls) for cls in CLASSES)]:
        mask = profile.mask_for(path)
        assert mask.spec()["mask"] == mask.name


@pytest.mark.parametrize(
    ("path", "internal", "auditor", "subject", "public"),
    [
        ("actor.name", "keep", "token", "own", "remove"),
        ("actor.id", "keep", "keep", "own", "remove"),
        ("actor.roles", "keep", "keep", "keep", "keep"),
        ("subject.id", "keep", "token", "own", "remove"),
        ("source.ip", "keep", "ip", "own", "remove"),
        ("source.geo", "keep", "region", "own", "region"),
        ("source.device", "keep", "token", "own", "remove"),
        ("change.after.grade", "keep", "token", "own", "remove"),
        ("message", "replace", "replace", "own", "remove"),
        ("details", "replace", "replace", "own", "remove"),
        ("disclosure.recipient.name", "keep", "keep", "keep", "remove"),
        ("action", "keep", "keep", "keep", "keep"),
        ("at", "keep", "keep", "keep", "year"),
        ("id", "keep", "keep", "keep", "remove"),
        ("query.text", "keep", "remove", "remove", "remove"),
    ],
)
def test_built_in_profiles_by_field(path: str, internal: str, auditor: str, subject: str, public: str) -> None:
    shown = [mask_name(name, path) for name in ("internal", "auditor", "subject", "public")]
    assert shown == [internal, auditor, subject, public]


@pytest.mark.parametrize(
    ("cls", "internal", "auditor", "public"),
    [
        ("email", "keep", "email", "remove"),
        ("phone", "keep", "phone", "remove"),
        ("government_id", "last", "last", "remove"),
        ("account", "last", "last", "remove"),
        ("card", "last", "last", "remove"),
        ("subject_date", "keep", "month", "year"),
    ],
)
def test_built_in_profiles_by_declared_class(cls: str, internal: str, auditor: str, public: str) -> None:
    path = Path("details.declared", "s", cls)
    assert [builtin(n).mask_for(path).name for n in ("internal", "auditor", "public")] == [internal, auditor, public]


def test_export_profile_tokens_users_and_keeps_the_rest() -> None:
    assert mask_name("export", "actor.id") == "token"
    assert mask_name("export", "resource.id") == "keep"
    assert mask_name("export", "action") == "keep"


def test_no_keyed_token_in_the_public_profile() -> None:
    """45 CFR 164.514(c): codes must not be derived from information about the individual."""
    names = {builtin("public").mask_for(path).name for path in PATHS.values()}
    assert "token" not in names


def test_only_the_public_profile_masks_entriess() -> None:
    assert [name for name in BUILTIN if builtin(name).masks_entries] == ["public"]
    hiding = from_toml('name = "x"\nbase = "auditor"\n[paths]\naction = "remove"\n', source="x.toml")
    assert hiding.masks_entries
    assert builtin("public").small_cells == 11


def test_the_subject_profile_shows_own_values_only() -> None:
    profile = builtin("subject").bind(ids=frozenset({"S-1"}), own_values=frozenset({"me@example.org"}))
    rows = {
        "actor.id": pa.array(["T-9", "S-1", "T-9"]),
        "subject.id": pa.array(["S-1", None, "S-2"], pa.string()),
        "resource.owner": pa.array([None, None, None], pa.string()),
    }

    def shown(path: str, *values: str) -> list[str | None]:
        found = lookup(path)
        assert found is not None
        cells: list[str | None] = profile.mask_for(found).column(pa.array(values), found.tag, rows).to_pylist()
        return cells

    assert shown("actor.id", "T-9", "S-1", "T-9") == [None, "S-1", None]
    assert shown("actor.name", "Teacher", "Me", "Teacher") == [None, "Me", None]
    assert shown("source.ip", "10.0.0.1", "10.0.0.2", "10.0.0.3") == [None, "10.0.0.2", None]
    assert shown("subject.name", "Me", "?", "Other") == ["Me", None, None]
    assert shown("change.approved_by", "T-9", "S-1", "T-9") == [None, "S-1", None]
    text = "me@example.org and you@example.org"
    assert shown("message", text, text, text) == ["me@example.org and [e-mail]", None, None]


def test_whose_value_stands_where() -> None:
    assert owners_of(PATHS["actor.name"]) == ("actor.id",)
    assert owners_of(PATHS["source.ip"]) == ("actor.id",)
    assert owners_of(PATHS["actor.id"]) == ()
    assert owners_of(PATHS["subject.name"]) == ("subject.id", "resource.owner")


def test_bind_makes_a_new_profile_and_caches_masks() -> None:
    profile = builtin("auditor").bind(keys=TokenKeys(bytes(32), "e-1"))
    subject = PATHS["subject.id"]
    assert profile.mask_for(subject) is profile.mask_for(subject)
    assert str(profile.mask_for(subject).cell("S-1")).startswith("tk_")
    with pytest.raises(InvalidRequest, match="not bound"):
        builtin("auditor").mask_for(subject).cell("S-1")


PAGE = (File(__file__).parents[2] / "docs" / "explanation" / "masking.md").read_text("utf-8")


def rows_of(head: str) -> list[list[str]]:
    lines = PAGE[PAGE.index(head) :].splitlines()
    table = lines[2 : next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_page_shows_the_built_in_profiles() -> None:
    def short(mask: object) -> str:
        return f"{mask['mask']}: {mask['inner']}" if isinstance(mask, dict) else str(mask)

    expected = [[cls, *(short(builtin(name).classes[cls]) for name in BUILTIN)] for cls in CLASSES]
    assert rows_of("| class | " + " | ".join(BUILTIN)) == expected


def test_the_page_lists_every_mask_and_class() -> None:
    assert {row[0].strip("`") for row in rows_of("| mask |")} == set(MASK_NAMES)
    assert all(f"`{cls}`" in PAGE for cls in CLASSES)


def test_the_pages_own_profile_loads() -> None:
    text = PAGE[PAGE.index("```toml") + 7 :]
    assert mine(text[: text.index("```")]).name == "partners"


OWN = """
name = "partners"
base = "auditor"
tokens = "log"
small_cells = 20
[classes]
ip = "remove"
account = { mask = "last", n = 2 }
[paths]
"actor.id" = "token"
"change.*" = "remove"
"change.*.grade" = "keep"
"change.after.grade" = "vault"
"""


def mine(text: str) -> Profile:
    return from_toml(text, source="partners.toml")


def test_ones_own_profile_inherits_and_overrides() -> None:
    profile = mine(OWN)
    assert (profile.name, profile.title, profile.tokens, profile.small_cells) == ("partners", "partners", "log", 20)

    def mask(path: str) -> str:
        found = lookup(path)
        assert found is not None
        return profile.mask_for(found).name

    assert mask("subject.id") == "token"
    assert mask("source.ip") == "remove"
    assert mask("query.text") == "remove"
    assert profile.mask_for(Path("details.iban", "s", "account")).spec() == {"mask": "last", "n": 2}
    assert profile.mask_for(PATHS["actor.id"]).spec() == {"mask": "token", "class": "staff"}
    assert [mask(f"change.{p}") for p in ("after.grade", "before.grade", "before.note", "approved_by")] == [
        "vault", "keep", "remove", "remove",
    ]  # fmt: skip
    assert profile.spec()["paths"]["change.*"] == "remove"


def test_bases_are_found_where_the_caller_says() -> None:
    profile = from_toml('name = "x"\nbase = "house"', source="x.toml", known=lambda _name: mine(OWN))
    assert profile.tokens == "log"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "partners.toml: not TOML"),
        ('nam = "x"', "partners.toml: unknown key 'nam'. Allowed: name, title"),
        ('base = "auditor"', "partners.toml: no name"),
        ("name = 7", "partners.toml: name = 7"),
        ('name = "x"\nbase = "nobody"', "base = 'nobody': no masking profile 'nobody'. There are: internal"),
        ('name = "x"\nbase = "x"', "base = 'x' is the profile itself"),
        ('name = "x"\n[classes]\nip = "keep"', "[classes] has no mask for none, staff"),
        ('name = "x"\nbase = "auditor"\n[classes]\nips = "keep"', "[classes] 'ips' is no class. Allowed: none"),
        ('name = "x"\nbase = "auditor"\n[classes]\nip = "hash"', "[classes] ip: mask 'hash'. Allowed: keep"),
        ('name = "x"\nbase = "auditor"\nclasses = 3', "classes is no table"),
        ('name = "x"\nbase = "auditor"\n[paths]\n"Actor.id" = "keep"', "[paths] 'Actor.id' is no path"),
        ('name = "x"\nbase = "auditor"\n[paths]\n"actor..id" = "keep"', "is no path"),
        ('name = "x"\nbase = "auditor"\n[paths]\n"actor.id" = {mask="ip", v4=32}', "[paths] actor.id: v4 = 32"),
        ('name = "x"\nbase = "auditor"\ntokens = "day"', "tokens = 'day'. Allowed: export, log"),
        ('name = "x"\nbase = "auditor"\nsmall_cells = -1', "small_cells = -1. Allowed: 0 to 1000"),
        ("#" * 70_000, "over 65536 bytes"),
    ],
)
def test_mistakes_name_file_key_and_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(says)):
        mine(text)


def test_an_unknown_profile_is_not_found() -> None:
    with pytest.raises(NotFound, match="There are: internal, auditor, subject, public, export"):
        builtin("gdpr")


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [
        ("actor.id", "actor.id", True),
        ("actor.id", "actor.idx", False),
        ("actor.*", "actor.id", True),
        ("actor.*", "actor", False),
        ("change.*", "change.after.grade", True),
        ("change.*.grade", "change.after.grade", True),
        ("change.*.grade", "change.after.grade.old", False),
        ("*.id", "actor.id", True),
    ],
)
def test_patterns(pattern: str, name: str, is_meant: bool) -> None:
    assert matches(pattern, name) is is_meant


@pytest.mark.parametrize("name", BUILTIN)
def test_no_profile_passes_itself_off_as_a_built_in_one(name: str) -> None:
    with pytest.raises(InvalidRequest, match="built-in profile"):
        from_toml(f'name = "{name}"\nbase = "{"auditor" if name == "internal" else "internal"}"\n', source="mine.toml")
