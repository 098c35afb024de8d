"""Lays a page out with Typst. Run as a program of its own, so that what layout takes in memory goes when it ends.

    python layout.py FOLDER

FOLDER has export.typ, page.json and the files to attach; out.pdf is written into it. Characters that no font here has,
and those PDF/A forbids, are found by setting each once, and shown by their code. Imports nothing of Affidavit.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

STANDARDS: Final[Any] = ["a-3a", "ua-1"]
FAMILIES: Final = ("Inter", "Noto Sans", "Liberation Sans", "DejaVu Sans", "Libertinus Serif")
"""Tried in order; the last one comes with Typst. What these lack is looked for in any font there is."""
PROBES_MAX: Final = 4
UNSHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
KEPT: Final = frozenset("\n\u200b\u200c\u200d")
_LACKING: Final = re.compile(r'(?:the text|codepoint) `"((?:[^"\\]|\\.)*)"`')
_CODE: Final = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


def coded(char: str) -> str:
    """A character by its code."""
    return f"[U+{ord(char):04X}]"


def visible(text: str, lacking: frozenset[str] = frozenset()) -> str:
    """The text, with a code in the place of each character that is not to be seen or can't be."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        coded(char) if char in lacking or (char not in KEPT and unicodedata.category(char) in UNSHOWN) else char
        for char in text
    )


def everywhere(value: Any, change: Any) -> Any:
    """The same JSON value with every string changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [everywhere(item, change) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key in {"fonts", "attachments"} else everywhere(item, change) for key, item in value.items()
        }
    return value


def strings(value: Any) -> set[str]:
    """Every character above ASCII in a JSON value."""
    found: set[str] = set()

    def add(text: str) -> str:
        found.update(text)
        return text

    everywhere(value, add)
    return {char for char in found if char > "\x7e" and char not in KEPT}


def lacking(characters: set[str], fonts: list[str], typst: Any, folder: Path) -> frozenset[str]:
    """Those of the characters that can't be set."""
    missing: set[str] = set()
    for _ in range(PROBES_MAX):
        left = sorted(characters - missing)
        if not left:
            break
        (folder / "probe.json").write_text(json.dumps({"fonts": fonts, "characters": left}))
        try:
            typst.compile(str(folder / "probe.typ"), root=str(folder), format="pdf", pdf_standards=STANDARDS)
        except typst.TypstError as error:
            named = {char for text in _LACKING.findall(error.diagnostic) for char in decoded(text)} & set(left)
            if not named:
                raise
            missing |= named
        else:
            break
    return frozenset(missing)


def decoded(text: str) -> str:
    """A string as Rust shows it, read back."""
    escapes = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
    return _CODE.sub(lambda found: chr(int(found[1], 16)) if found[1] else escapes.get(found[2], found[2]), text)


PROBE: Final = """\
#let probe = json("probe.json")
#set document(title: "Characters", author: "Affidavit")
#set text(font: probe.fonts, lang: "en")
= Characters
#for char in probe.characters [#par[#char]]
"""


def main(folder: Path) -> None:
    """Lay out and write."""
    import typst

    page = json.loads((folder / "page.json").read_text("utf-8"))
    have = set(typst.Fonts().families())
    fonts: list[str] = [name for name in FAMILIES if name in have]
    page = everywhere(page, visible)
    (folder / "probe.typ").write_text(PROBE)
    missing = lacking(strings(page), fonts, typst, folder)
    page = everywhere(page, lambda text: visible(text, missing))
    page["fonts"] = fonts
    (folder / "page.json").write_text(json.dumps(page, ensure_ascii=False), "utf-8")
    given = page["date"]
    made = datetime(
        given["year"], given["month"], given["day"], given["hour"], given["minute"], given["second"], tzinfo=UTC
    )
    typst.compile(
        str(folder / "export.typ"), output=str(folder / "out.pdf"), root=str(folder), pdf_standards=STANDARDS,
        timestamp=int(made.timestamp()),
    )  # fmt: skip


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except RuntimeError as error:
        sys.exit(getattr(error, "diagnostic", "") or str(error))
