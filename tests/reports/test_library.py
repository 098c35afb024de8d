"""The catalogue is data: a customer's files add to it and override it, and mistakes are named."""

import re
import tomllib
from pathlib import Path

import pytest

from affidavit.errors import InvalidRequest, NotFound
from affidavit.paths import DeclaredFields
from affidavit.reports import describe
from affidavit.reports.library import load
from affidavit.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "reports.md"
WHOLE = re.search(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]
NIGHT = WHOLE[WHOLE.index("[frameworks.house]") :]


@pytest.fixture
def own(tmp_path):
    """A library with a customer's file over the built-in one."""

    def do(text, name="own.toml"):
        (tmp_path / name).write_text(text)
        return load(tmp_path)

    return do


def test_the_first_thirteen(library):
    names = "C1 F1 F3 G1 G2 G5 H1 H3 IR P1 P2 S1 S2".split()
    assert sorted(library.reports) == names
    for report in library.reports.values():
        assert report.findings
        assert report.sections
        assert all(library.controls[rule.control].citation for rule in report.findings)


def test_code_knows_no_framework_by_name(library):
    """Names of frameworks and provisions stand in data alone."""
    package = Path(__file__).parents[2] / "src" / "affidavit" / "reports"
    code = " ".join(path.read_text("utf-8") for path in package.rglob("*.py")).lower()
    for word in [*library.frameworks, "99.32", "164.528", "art. 33", "10.2.1"]:
        if word != "internal":  # a masking profile is called so, too
            assert not re.search(rf"\b{re.escape(word)}\b", code), word


def test_the_guides_example_is_read_and_runs(own, log):
    from affidavit.reports.asked import Asked
    from affidavit.reports.runner import run_report

    library = own(WHOLE)
    assert library.reports["NIGHT"].controls == ("house.7",)
    assert not library.controls["pci.10.6"].applies
    strict = library.reports["H3-strict"]
    assert strict.parameters["failures"].default == 5
    assert strict.parameters["minutes"].default == 30
    assert strict.findings == library.reports["H3"].findings
    result = run_report(log, library, Asked("night")).result
    assert result.findings[0].status == "not evidenced"


def test_a_file_replaces_a_report_of_the_same_id(own):
    library = own(NIGHT.replace("reports.NIGHT", "reports.H3"))
    assert library.reports["H3"].title == "Deletions at night"
    assert load().reports["H3"].title == "Log-in monitoring"


def test_the_definition_changes_with_what_is_run(own, library):
    changed = own('[reports.H3]\nbase = "H1"\n')
    assert changed.digest("H3") != library.digest("H3")
    assert changed.digest("H1") == library.digest("H1")
    reworded = own('[controls."hipaa.164.528.a"]\ntitle = "Other words"\n')
    assert reworded.digest("H1") != library.digest("H1")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('severity = "high"', 'severity = "awful"', ("own.toml", "report NIGHT", "severity", "critical")),
        ('type = "time"', 'type = "date_time"', ("own.toml", "columns", "boolean")),
        ('source = "text"', 'source = "book"', ("own.toml", "control house.7", "secondary")),
        ('control = "house.7"', 'control = "house.8"', ("finding at_night", "house.8", "house.7")),
        ('controls = ["house.7"]', 'controls = ["house.9"]', ("report NIGHT", "controls", "house.9", "gdpr.12.3")),
        ('framework = "house"\nsummary', 'framework = "home"\nsummary', ("report NIGHT", "framework", "home", "ferpa")),
        ('fields = ["actor.id", ', 'fields = ["actor.nickname", ', ("fields", "actor.nickname")),
        ('path = "resource.id"', 'path = "resource.colour"', ("section all", "column resource_id", "resource.colour")),
        (', path = "resource.id"', "", ("column resource_id", "text without path or class")),
        (', path = "resource.id"', ', class = "secret"', ("column resource_id", "class", "secret", "person_name")),
        ("remedy =", "remedies =", ("own.toml", "report NIGHT", "remedies")),
        ('title = "Deletions at night"\n', "", ("report NIGHT", "title")),
        ('id = "at_night"', 'id = "all"', ("report NIGHT", "id", "all")),
        ('id = "at_night"', 'id = "at night/../x"', ("report NIGHT", "at night/../x")),
        (
            "[[reports.NIGHT.sections]]",
            "[[reports.NIGHT.views]]\nname = 'a b'\nsql = ''\n[[reports.NIGHT.sections]]",
            ("a b",),
        ),
        ("[frameworks.house]", "[framework.house]", ("own.toml", "framework", "controls")),
        ("[reports.NIGHT]", "[reports.NIGHT]\nbase = 'DAY'", ("report NIGHT", "base", "DAY")),
        ("[reports.NIGHT]", "[reports.NIGHT]\nsubject = 'person'", ("report NIGHT", "subject", "person")),
        ("[frameworks.house]", "[frameworks.house", ("own.toml", "not TOML")),
    ],
)
def test_mistakes_name_file_key_and_what_is_allowed(own, old, new, words):
    assert old in NIGHT
    with pytest.raises(InvalidRequest) as caught:
        own(NIGHT.replace(old, new, 1))
    for word in words:
        assert word in str(caught.value)


def test_needs_must_be_references(own):
    text = NIGHT.replace('looked_at = "deletions"', 'looked_at = "deletions"\nneeds = ["people"]')
    with pytest.raises(InvalidRequest, match=r"needs.*people"):
        own(text)


def test_a_base_of_itself_is_refused(own):
    with pytest.raises(InvalidRequest, match="base"):
        own('[reports.A]\nbase = "B"\n[reports.B]\nbase = "A"\n')


def test_parameters_may_not_take_the_names_of_all_reports(own):
    text = NIGHT.replace("[reports.NIGHT]", '[reports.NIGHT.parameters.now]\ntitle = "Now"\n[reports.NIGHT]')
    with pytest.raises(InvalidRequest, match="now"):
        own(text)


def test_declared_fields_are_fields(tmp_path):
    (tmp_path / "own.toml").write_text(NIGHT.replace('fields = ["actor.id", ', 'fields = ["details.region", '))
    declared = DeclaredFields.from_toml('[fields.region]\ntype = "string"\nclass = "none"\n')
    assert "details.region" in load(tmp_path, declared).reports["NIGHT"].fields


def test_reports_are_found_in_any_case(library):
    assert library.report("h3").id == "H3"
    with pytest.raises(NotFound, match="X9"):
        library.report("X9")


def test_descriptions_hold_no_sql(library):
    for report in library.reports.values():
        text = str(describe.whole(library, report))
        assert "SELECT" not in text
        assert report.findings[0].id in text
        assert describe.lines(library, report)[0].startswith(report.id)


def test_the_folder_is_a_setting():
    assert Settings().reports == "reports"
    assert tomllib.loads(WHOLE)["reports"]["NIGHT"]["title"]
