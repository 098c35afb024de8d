"""docs/format.md and its schemas say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from affidavit import cells
from affidavit.paths import OWN_GROUPS, OWN_LISTS, OWN_NUMBERS, PATHS
from affidavit.verify.verdict import STEPS, VERDICTS
from tests.verify.builder import Builder

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "format.md").read_text("utf-8")
BEGIN, END = "made from src/affidavit/paths.py and checked by a test -->\n", "<!-- paths:end -->"


def table_of_paths():
    rows = ["| path | tag | class | |", "|---|---|---|---|"]
    paths = sorted(PATHS.values(), key=lambda path: path.name)
    rows += [f"| `{path.name}` | {path.tag} | {path.cls} | {'number' if path.number else ''} |" for path in paths]
    rows += ["", "Own groups: " + ", ".join(f"`{name}.*`" for name in sorted(OWN_GROUPS)) + "."]
    rows.append("Own numbers: " + ", ".join(f"`{name}`" for name in sorted(OWN_NUMBERS)) + ".")
    rows.append("Own lists: " + ", ".join(f"`{name}`" for name in sorted(OWN_LISTS)) + ".")
    return "\n".join(rows) + "\n"


def test_the_table_of_paths_is_the_one_in_the_code():
    """To renew it, put what this test expects between the two markers."""
    assert PAGE.partition(BEGIN)[2].partition(END)[0] == table_of_paths()


def test_every_step_verdict_and_mask_is_documented():
    section = PAGE.partition("## Verification\n")[2].partition("## Verdicts\n")[0]
    assert re.findall(r"^(\d+)\. ", section, re.MULTILINE) == [str(n) for n in range(len(STEPS))]
    masks = PAGE.partition("## Masks\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", masks, re.MULTILINE)) == {*cells.MASKS, "mask"}
    assert all(f"| {verdict} |" in PAGE for verdict in VERDICTS)


def validator(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    referencing = pytest.importorskip("referencing")
    query = referencing.Resource.from_contents(json.loads((DOCS / "schemas" / "query.json").read_text("utf-8")))
    registry = referencing.Registry().with_resource("urn:affidavit:query:v1", query)
    return jsonschema.Draft202012Validator(schema, registry=registry)


def test_the_schema_of_queries_is_the_package_s_own():
    package = DOCS.parent / "src" / "affidavit" / "query" / "schema.json"
    assert (DOCS / "schemas" / "query.json").read_bytes() == package.read_bytes()


@pytest.mark.parametrize("evidence", ["full", "rows", "none"])
def test_bundles_fit_the_schemas(evidence):
    builder = Builder(evidence=evidence, events=4)
    files = builder.files()
    validator("manifest").validate(json.loads(files["manifest.json"]))
    validator("event").validate(json.loads(files["attestation.json"]))
    validator("trust").validate(builder.trust())
    openings = validator("openings")
    for line in files.get("openings.ndjson", b"").splitlines():
        openings.validate(json.loads(line))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("manifest", lambda m: m.update(extra=1)),
        ("manifest", lambda m: m["logs"][0].update(size=-1)),
        ("manifest", lambda m: m["columns"][1]["mask"].pop("class")),
        ("manifest", lambda m: m["files"].update({"x.txt": "0" * 64})),
        ("trust", lambda t: t["logs"][0].update(origin="x")),
        ("trust", lambda t: t.pop("quorum")),
    ],
)
def test_schemas_can_refuse(name, change):
    builder = Builder(events=4)
    value = json.loads(builder.files()["manifest.json"]) if name == "manifest" else builder.trust()
    validator(name).validate(value)
    change(value)
    assert not validator(name).is_valid(value)


def test_masks_fit_the_schema_where_the_code_takes_them():
    from tests.test_cells import SPECS

    schema = json.loads((DOCS / "schemas" / "manifest.json").read_text("utf-8"))
    jsonschema = pytest.importorskip("jsonschema")
    masks = jsonschema.Draft202012Validator({"$ref": "#/$defs/mask", "$defs": schema["$defs"]})
    for spec, _, _ in SPECS:
        masks.validate(spec)
    assert not masks.is_valid({"mask": "last", "n": 7})
