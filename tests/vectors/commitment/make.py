"""Makes records.json by the words of docs/format.md alone, with nothing of the package: hashlib and struct only.

Run it from the repository's root: python tests/vectors/commitment/make.py
"""

import base64
import hashlib
import json
from pathlib import Path

CASES = [
    {
        "name": "one field",
        "seed": bytes(range(32)),
        "fields": [("id", "s", "0199a0e5-0000-7000-8000-000000000001")],
        "entry": ("login", "2026-10-01T12:00:00.000000Z", "success", "2026-10-01T12:00:00.000000Z"),
    },
    {
        "name": "all tags, text beyond ASCII, empty text, null",
        "seed": hashlib.sha256(b"seed").digest(),
        "fields": [
            ("actor.id", "s", "u1"),
            ("actor.roles", "j", '["a","b"]'),
            ("change.after.gone", "n", None),
            ("change.after.grade", "s", "A"),
            ("details", "j", '{"grüße":"東京 😀","n":[1,2.5,null,true]}'),
            ("id", "s", "0199a0e5-0000-7000-8000-000000000002"),
            ("message", "s", ""),
            ("record_count", "j", "0"),
        ],
        "entry": ("grade.updated", "1970-01-01T00:00:00.000000Z", "denied", "9999-12-31T23:59:59.999999Z"),
    },
    {
        "name": "no field at all, at 300 s after t",
        "seed": bytes(32),
        "fields": [],
        "entry": ("a-b_c.0", "2026-02-28T23:59:59.999999Z", "unknown", "2026-02-28T23:54:59.999999Z"),
    },
    {
        "name": "longest path, a value of 4 KiB, 80 fields",
        "seed": b"\xff" * 32,
        "fields": sorted(
            [("a" + "b" * 127, "s", "x" * 4096), *[(f"change.before.c{n}", "j", str(n)) for n in range(79)]]
        ),
        "entry": ("x" * 128, "2024-02-29T00:00:00.000001Z", "failure", "2024-02-29T00:00:00.000001Z"),
    },
]


def case(name, seed, fields, entry):
    salts = hashlib.shake_128(seed).digest(16 * len(fields))
    commitments = []
    for number, (path, tag, value) in enumerate(fields):
        salt = salts[16 * number : 16 * number + 16]
        start = b"\x02" + bytes([len(path)]) + path.encode() + tag.encode()
        commitments.append(hashlib.sha256(start + salt + (value or "").encode()).digest())
    shape = hashlib.sha256(b"\x04" + b"".join(path.encode() + b"\n" for path, _, _ in fields)).digest()
    c = hashlib.sha256(b"\x03" + shape + b"".join(commitments)).digest()
    action, at, outcome, t = entry
    text = base64.urlsafe_b64encode(c).decode().rstrip("=")
    line = f'{{"action":"{action}","at":"{at}","c":"{text}","outcome":"{outcome}","t":"{t}","v":1}}'
    return {
        "name": name,
        "seed": seed.hex(),
        "fields": [list(field) for field in fields],
        "salts": salts.hex(),
        "commitments": [one.hex() for one in commitments],
        "shape": shape.hex(),
        "c": c.hex(),
        "entry": line,
        "leaf": hashlib.sha256(b"\x00" + line.encode()).hexdigest(),
    }


if __name__ == "__main__":
    made = json.dumps([case(**one) for one in CASES], ensure_ascii=False, indent=1)
    Path(__file__).with_name("records.json").write_text(made + "\n", encoding="utf-8")
