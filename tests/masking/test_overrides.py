"""Overrides of a tenant's configuration mask more, never less, whatever the profile and the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest
from affidavit.masking.masks import MASK_NAMES, read_mask
from affidavit.masking.overrides import OVERRIDES_MAX, STRENGTH, Overrides, read_overrides, stronger
from affidavit.masking.profiles import BUILTIN, builtin
from affidavit.paths import CLASSES, PATHS, PUBLIC_KEYS, Path, lookup

HIDING = sorted(set(MASK_NAMES) - {"keep", "own"})
KEYS = [*CLASSES[1:], *PATHS, "change.*", "actor.*"]
tables = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(HIDING), max_size=6)


def strength(mask):
    """Own shows others nothing at all: as much hidden as its inner mask hides, and more."""
    return STRENGTH[mask.inner.name] if mask.name == "own" else STRENGTH[mask.name]


@given(tables, st.sampled_from(BUILTIN), st.sampled_from(sorted(PATHS)))
def test_no_field_is_shown_more(table, name, path):
    profile = builtin(name)
    before = profile.mask_for(PATHS[path])
    after = read_overrides(table).over(profile).mask_for(PATHS[path])
    assert strength(after) >= strength(before)
    assert after.name == "own" or before.name != "own" or after.name == "remove"


@given(tables, st.sampled_from([one for one in BUILTIN if one != "internal"]), st.sampled_from(sorted(PATHS)))
def test_what_is_asked_for_is_hidden_at_least_so_much(table, name, path):
    asked = table.get(PATHS[path].cls)
    after = read_overrides(table).over(builtin(name)).mask_for(PATHS[path])
    if asked is not None and not any(key in table for key in (path, "change.*", "actor.*")):
        assert strength(after) >= STRENGTH[asked]


def test_internal_is_left_alone_and_an_empty_table_changes_nothing():
    everything = read_overrides(dict.fromkeys(CLASSES[1:], "remove"))
    assert everything.over(builtin("internal")) is builtin("internal")
    assert Overrides().over(builtin("auditor")) is builtin("auditor")


def test_a_profile_under_overrides_says_so_and_twice_is_once():
    overrides = read_overrides({"ip": "remove"})
    once = overrides.over(builtin("auditor"))
    assert once.name == "auditor+configuration"
    assert overrides.over(once) is once


def test_a_class_is_masked_even_where_the_profile_shows_one_path_of_it():
    custom = builtin("export")
    assert custom.mask_for(PATHS["source.ip"]).name == "keep"
    assert read_overrides({"ip": "remove"}).over(custom).mask_for(PATHS["source.ip"]).name == "remove"


def test_the_most_literal_path_wins_over_pattern_and_class():
    found = read_overrides({"person_name": "remove", "actor.*": "token", "actor.name": "type"}).over(builtin("export"))
    assert found.mask_for(PATHS["actor.name"]).name == "type"
    assert found.mask_for(PATHS["actor.session"]).name == "token"
    assert found.mask_for(PATHS["subject.name"]).name == "remove"


def test_public_keys_stay_even_under_a_pattern_that_means_them():
    found = read_overrides({"*": "remove"}).over(builtin("export"))
    assert {found.mask_for(key).name for key in PUBLIC_KEYS.values()} == {"keep"}
    assert found.mask_for(PATHS["target"]).name == "remove"


def test_of_equal_masks_the_smaller_options_stay():
    four, two = read_mask({"mask": "last", "n": 4}, "card"), read_mask({"mask": "last", "n": 2}, "card")
    assert stronger(four, two).spec() == stronger(two, four).spec() == {"mask": "last", "n": 2}
    wide, narrow = read_mask({"mask": "ip", "v4": 16}, "ip"), read_mask({"mask": "ip", "v6": 32}, "ip")
    assert stronger(wide, narrow).spec() == {"mask": "ip", "v4": 16, "v6": 32}


def test_own_values_stay_own_under_a_weaker_mask():
    own = builtin("subject").mask_for(PATHS["subject.name"])
    assert stronger(own, read_mask("token", "person_name")).spec()["inner"]["mask"] == "token"
    assert stronger(own, read_mask("remove", "person_name")).name == "remove"


def test_declared_fields_follow_their_class():
    path = Path("details.pass", "s", "government_id")
    assert read_overrides({"government_id": "remove"}).over(builtin("export")).mask_for(path).name == "remove"
    assert lookup("details.pass") is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (["ip"], "no table"),
        ({"none": "remove"}, "can't be masked"),
        ({"at": "month"}, "can't be masked"),
        ({"ip": "keep"}, "hides nothing more"),
        ({"ip": "own"}, "hides nothing more"),
        ({"ip": "blur"}, "mask 'blur'"),
        ({"ip": {"mask": "last", "n": 7}}, "n = 7"),
        ({"Actor": "remove"}, "no class and no path"),
        ({"a" * 200: "remove"}, "no class and no path"),
        ({7: "remove"}, "no class and no path"),
        ({f"details.f{n}": "remove" for n in range(OVERRIDES_MAX + 1)}, f"at most {OVERRIDES_MAX}"),
    ],
)
def test_what_can_not_be_is_refused_by_name(table, said):
    with pytest.raises(InvalidRequest, match="masking") as error:
        read_overrides(table)
    assert said in error.value.message
    assert error.value.hint
