"""Identifiers in free text (e-mail, phone, IBAN, card, SSN, IP), found by form and checksum, replaced.

What has no form can't be found: a name or a short plain number stays. So text that was searched is masked,
never free of personal data. Every search takes time linear in the text: repeats in the patterns are
bounded, or run over characters that what follows can't match.
"""

from __future__ import annotations

import ipaddress
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

EMAIL, PHONE, IBAN, CARD, SSN, IP = "e-mail", "phone", "IBAN", "card", "SSN", "IP"
KINDS: Final = (EMAIL, IBAN, CARD, SSN, IP, PHONE)

CARD_DIGITS_MAX: Final = 19  # ISO/IEC 7812
PHONE_DIGITS_MIN: Final = 7

Span = tuple[int, int]
Match = tuple[int, int, str]

_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.){1,8}\w{2,63}")
_LOCAL_STOP: Final = frozenset(" \t\r\n\v\f\0<>()[]{},;:\"'\\@|")
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")
# Total lengths by country, ISO 13616 registry.
_IBAN_CHARS: Final = {
    code: int(chars)
    for chars, codes in {
        "15": "NO", "16": "BE", "18": "DK FI FK FO GL NL SD", "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK", "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL", "24": "AD CZ DZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST",
        "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA", "30": "JO KW MU YE", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for code in codes.split()
}  # fmt: skip
# Lengths by the first two digits, as the schemes publish them.
_CARD_LENGTHS: Final = {
    f"{start}": lengths
    for starts, lengths in (
        (range(40, 50), "13 16 19 "),  # Visa
        ((*range(51, 56), *range(22, 28)), "16 "),  # Mastercard
        ((34, 37), "15 "),  # American Express
        ((30, 36, 38, 39), "14 15 16 17 18 19 "),  # Diners Club
        ((35, *range(60, 70)), "16 17 18 19 "),  # JCB, Discover, UnionPay, RuPay
        ((50, 56, 57, 58), "13 14 15 16 17 18 19 "),  # Maestro
    )
    for start in starts
}
_CARD_FIRST: Final = frozenset("23456")
_DIGITS = re.compile(r"[0-9]+")
_DASHES: Final = "-‐‑‒–"
_SPACES: Final = " \u00a0\u2009\u202f"
_GLUE: Final = re.escape(_DASHES + _SPACES)  # inside a character class
_SSN = re.compile(rf"(?<!\d)(?!000|666)\d{{3}}([{_GLUE}])(?!00)\d{{2}}\1(?!0000)\d{{4}}(?!\d)")
_PHONE = re.compile(rf"(?<!\d)(?<!\d:)(?:\+|\(\+?)?\d(?:[{_GLUE}./()]{{0,3}}\d){{6,14}}(?!\d)")
_INTERNATIONAL = re.compile("00[1-9]")
_NATIONAL = re.compile(r"\(?0[1-9]")
_NANP = re.compile(rf"\(?[2-9]\d\d\)?[{_GLUE}./]{{0,2}}[2-9]\d\d[{_GLUE}./]?\d{{4}}\Z")
_NO_PHONE = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\Z|0\.\d+\Z")  # a date, a fraction
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_HEX_RUN = re.compile(r"[0-9A-Fa-f:.]+")


def find(text: str) -> list[Match]:
    """Every identifier in `text` as (start, end, kind), in order, not overlapping.

    Where two kinds would overlap, the one with the stronger evidence wins: the order of `KINDS`.
    """
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    raw = text.encode("ascii", "replace")
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    taken: list[Match] = []
    for kind, needs_digits, search in _SEARCHES:
        if digits < needs_digits:
            continue
        fresh = [(start, end, kind) for start, end in search(text)]
        if fresh:
            taken = _merge(taken, fresh)
    return taken


def replace(text: str, keep: frozenset[str] = frozenset()) -> tuple[str, dict[str, int]]:
    """`text` with each identifier replaced by its kind in brackets, as `[e-mail]`, and how many of each kind.

    Identifiers equal to a member of `keep` (a reader's own) stay.
    """
    parts: list[str] = []
    counts: Counter[str] = Counter()
    done = 0
    for start, end, kind in find(text):
        if text[start:end] in keep:
            continue
        parts += (text[done:start], f"[{kind}]")
        counts[kind] += 1
        done = end
    if not counts:
        return text, {}
    parts.append(text[done:])
    return "".join(parts), dict(counts)


def replace_json(text: str, keep: frozenset[str] = frozenset()) -> tuple[str, dict[str, int]]:
    """The same in every string, number and key of a JSON text, written compactly.

    Keys that become equal get a number, so that the result is JSON again. What is no JSON is taken as text.
    """
    try:
        tree = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_refuse)
        counts: Counter[str] = Counter()
        return _clean(tree, keep, counts), dict(counts)
    except (ValueError, RecursionError):
        return replace(text, keep)


class _Number(str):
    """A number as it was written: what JSON allows is more than a float holds."""

    __slots__ = ()


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _clean(node: Any, keep: frozenset[str], counts: Counter[str]) -> str:
    if isinstance(node, list):
        return "[" + ",".join(_clean(value, keep, counts) for value in node) + "]"
    if isinstance(node, dict):
        members: dict[str, str] = {}
        seen: Counter[str] = Counter()
        for key, value in node.items():
            wanted = name = _clean(str(key), keep, counts)
            while name in members:
                seen[wanted] += 1
                name = f'{wanted[:-1]} {seen[wanted] + 1}"'
            members[name] = _clean(value, keep, counts)
        return "{" + ",".join(f"{name}:{value}" for name, value in members.items()) + "}"
    if not isinstance(node, str):
        return json.dumps(node)
    shown, found = replace(node, keep)
    counts.update(found)
    return shown if isinstance(node, _Number) and not found else json.dumps(shown, ensure_ascii=False)


def _emails(text: str) -> Iterator[Span]:
    floor = 0
    for match in _DOMAIN.finditer(text) if "@" in text else ():
        start = match.start()
        while start > floor and text[start - 1] not in _LOCAL_STOP:
            start -= 1
        if start < match.start():
            yield start, match.end()
        floor = match.end()


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN_START.finditer(text):
        length = _IBAN_CHARS.get(match.group()[:2].upper())
        if length is None:
            continue
        chars: list[str] = []
        end = match.start()
        while end < len(text) and len(chars) < length:
            char = text[end]
            if char.isascii() and char.isalnum():
                chars.append(char.upper())
            elif not (char in _SPACES or char in _DASHES) or not text[end - 1].isalnum():
                break
            end += 1
        whole = len(chars) == length and not (end < len(text) and text[end].isalnum())
        if whole and iban_holds("".join(chars)):
            yield match.start(), end


def _cards(text: str) -> Iterator[Span]:
    groups = [match.span() for match in _DIGITS.finditer(text)]
    index = 0
    while index < len(groups):
        start, digits, best = groups[index][0], "", None
        if text[start : start + 1] not in _CARD_FIRST:
            index += 1
            continue
        for last in range(index, len(groups)):
            if last > index and not _joined(text[groups[last - 1][1] : groups[last][0]]):
                break
            if groups[last][1] - groups[last][0] + len(digits) > CARD_DIGITS_MAX:
                break
            digits += text[slice(*groups[last])]
            if _card_like(digits):
                best = last
        if best is None:
            index += 1
            continue
        yield start, groups[best][1]
        index = best + 1


def _joined(between: str) -> bool:
    return len(between) == 1 and (between in _SPACES or between in _DASHES)


def _card_like(digits: str) -> bool:
    """Whether issuer digits, length and check digit are those of a card."""
    lengths = _CARD_LENGTHS.get(digits[:2], "")
    return f"{len(digits)} " in lengths and luhn_holds(digits)


def _ssns(text: str) -> Iterator[Span]:
    for match in _SSN.finditer(text):
        yield match.span()


def _ipv4(text: str) -> Iterator[Span]:
    for match in _IPV4.finditer(text) if text.count(".") >= 3 else ():
        if all(int(part) <= 255 for part in match.group().split(".")):
            yield match.span()


def _ipv6(text: str) -> Iterator[Span]:
    for match in _HEX_RUN.finditer(text) if text.count(":") >= 2 else ():
        start, end = match.span()
        if match.group().count(":") < 2:
            continue
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start = text.index(":", start)  # the letters belong to the word before
            while start < end and text[start] == ":":
                start += 1
        while end > start and (text[end - 1] == "." or (text[end - 1] == ":" and text[end - 2] != ":")):
            end -= 1
        if end - start < 3 or end - start > 45:
            continue
        if text[start] == ":" and text[start + 1] != ":":
            start += 1
        if text.count(":", start, end) < 3 and _DIGITS.search(text, start, end) is None:
            continue  # a::b is code
        try:
            ipaddress.IPv6Address(text[start:end])
        except ValueError:
            continue
        yield start, end


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        found = match.group()
        digits = sum(char.isdigit() for char in found)
        international = found.startswith(("+", "(+")) or _INTERNATIONAL.match(found) is not None
        national = _NATIONAL.match(found) is not None and digits >= 9
        if (international or national or _NANP.match(found)) and not _NO_PHONE.match(found):
            yield match.span()


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban_holds(iban: str) -> bool:
    """Whether an IBAN in upper case without spaces has the right check digits (ISO 13616, mod 97 = 1)."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def _merge(taken: list[Match], fresh: list[Match]) -> list[Match]:
    """Both lists in order, without those of `fresh` that overlap one of `taken`."""
    merged: list[Match] = []
    index = 0
    for match in fresh:
        while index < len(taken) and taken[index][1] <= match[0]:
            merged.append(taken[index])
            index += 1
        if index == len(taken) or match[1] <= taken[index][0]:
            merged.append(match)
    return merged + taken[index:]


# How many digits a text must have to hold one, in order of strength.
_SEARCHES: Final[tuple[tuple[str, int, Callable[[str], Iterator[Span]]], ...]] = (
    (EMAIL, 0, _emails),
    (IBAN, 4, _ibans),
    (CARD, 13, _cards),
    (SSN, 9, _ssns),
    (IP, 0, _ipv6),
    (IP, 4, _ipv4),
    (PHONE, PHONE_DIGITS_MIN, _phones),
)
