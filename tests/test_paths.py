"""The table of paths, and customers' declarations."""

import pytest

from affidavit.errors import InvalidRequest
from affidavit.paths import (
    CLASSES,
    DECLARED_FIELDS_MAX,
    DECLARED_TYPES,
    OWN_GROUPS,
    PATH_BYTES_MAX,
    PATH_RE,
    PATHS,
    PUBLIC_KEYS,
    DeclaredFields,
    lookup,
)

TOML = """
[fields.email]
type = "string"
class = "email"
column = true
label = "E-mail"

[fields.score]
type = "number"

[fields.tags]
type = "list"
class = "none"
"""


def test_every_path_is_in_form_with_a_known_tag_and_class():
    assert list(PATHS) == sorted(PATHS)
    for name, path in PATHS.items():
        assert name == path.name
        assert PATH_RE.match(name)
        assert len(name) <= PATH_BYTES_MAX
        assert path.tag in "sj"
        assert path.cls in CLASSES
        assert not path.number or path.tag == "j"


def test_public_keys_and_own_groups_are_not_in_the_table():
    assert set(PUBLIC_KEYS) == {"action", "at", "outcome", "t"}
    assert set(PUBLIC_KEYS).isdisjoint(PATHS)
    assert [name for name in PATHS if name.partition(".")[0] in OWN_GROUPS] == []


@pytest.mark.parametrize(
    ("name", "tag", "cls"),
    [
        ("actor.id", "s", "staff"),
        ("action", "s", "none"),
        ("record_count", "j", "none"),
        ("change.before.grade", "s", "change"),
        ("change.after.a.b", "s", "change"),
        ("export.id", "s", "none"),
        ("details.email", "s", "email"),
        ("details.score", "j", "free"),
    ],
)
def test_lookup(name, tag, cls):
    found = lookup(name, DeclaredFields.from_toml(TOML))
    assert (found.name, found.tag, found.cls) == (name, tag, cls)


@pytest.mark.parametrize(
    "name",
    ["", "actor", "actor.nme", "details.other", "details.email.x", "change.before", "change.before.", "change.before.A",
     "export", "change.before." + "x" * 128, "é", "a\ud800", "Actor.id", "actor.id\n"],
)  # fmt: skip
def test_no_such_path(name):
    assert lookup(name, DeclaredFields.from_toml(TOML)) is None


def test_declared_fields():
    declared = DeclaredFields.from_toml(TOML)
    email = declared.fields["email"]
    assert (email.cls, email.column, email.label, email.path.name, email.path.tag) == (
        "email", True, "E-mail", "details.email", "s",
    )  # fmt: skip
    assert declared.fields["score"].path.number
    assert lookup("details.email") is None
    assert DeclaredFields.from_tables(declared.to_tables()) == declared
    assert DeclaredFields.from_toml("") == DeclaredFields()


@pytest.mark.parametrize("kind", DECLARED_TYPES)
def test_declared_types(kind):
    tag = DeclaredFields.from_tables({"x": {"type": kind}}).fields["x"].path.tag
    assert tag == ("s" if kind in ("string", "date") else "j")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "not TOML"),
        ("[fields.x]\n[fields.x]", "not TOML"),
        ("[field.x]", "'field'"),
        ("fields = 1", "[fields]"),
        ("[fields]\nx = 1", "'x'"),
        ("[fields.Email]", "'Email'"),
        ('[fields."e-mail"]', "'e-mail'"),
        ('[fields.""]', "''"),
        ("[fields.a.b]", "'b'"),
        ("[fields.9]", "'9'"),
        ("[fields." + "x" * 121 + "]", "bad name"),
        ('[fields.x]\ntype = "text"', "'text'"),
        ("[fields.x]\ntype = 1", "type 1"),
        ("[fields.x]\ntype = []", "type []"),
        ('[fields.x]\nclass = "e-mail"', "'e-mail'"),
        ("[fields.x]\ncolumn = 1", "column 1"),
        ('[fields.x]\ncolumn = "yes"', "'yes'"),
        ("[fields.x]\nlabel = 1", "label 1"),
        ("[fields.x]\ncolour = 1", "'colour'"),
    ],
)
def test_mistakes_are_named(text, words):
    with pytest.raises(InvalidRequest) as caught:
        DeclaredFields.from_toml(text)
    assert words in caught.value.message
    assert caught.value.hint


def test_too_many():
    assert DeclaredFields.from_tables({f"f{n}": {} for n in range(DECLARED_FIELDS_MAX)})
    with pytest.raises(InvalidRequest, match=str(DECLARED_FIELDS_MAX)):
        DeclaredFields.from_tables({f"f{n}": {} for n in range(DECLARED_FIELDS_MAX + 1)})
