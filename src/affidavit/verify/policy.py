"""Which witnesses must have cosigned: the lines of C2SP tlog-policy that a trust file holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from affidavit.errors import MalformedProof
from affidavit.tlog.note import Algorithm, VerifierKey
from affidavit.verify import strict

LINE_BYTES_MAX: Final = 4096
NONE: Final = "none"
_K_RE: Final = re.compile(r"[1-9][0-9]{0,3}\Z")


@dataclass(frozen=True, slots=True)
class Policy:
    """Witnesses by name, groups of them (threshold, members), and the quorum: a name, or how many of all."""

    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str | int = 0

    @property
    def asks(self) -> bool:
        """Whether any cosignature is asked for."""
        return self.quorum not in (0, NONE)

    def fulfilled(self, cosigned: AbstractSet[bytes]) -> bool:
        """Whether the witnesses with these public keys are enough."""
        met = {name for name, key in self.witnesses.items() if key.public_key in cosigned}
        if isinstance(self.quorum, int):
            return len(met) >= self.quorum
        for name, (least, members) in self.groups.items():  # members are defined before their group
            if sum(member in met for member in members) >= least:
                met.add(name)
        return self.quorum in met or not self.asks

    def words(self) -> str:
        """What is asked for, in words."""
        if isinstance(self.quorum, int):
            return f"{self.quorum} of {len(self.witnesses)} are asked for"
        return f"the quorum {self.quorum!r} is asked for"


def parse_policy(lines: Sequence[Any], quorum: Any) -> Policy:
    """The policy of a trust file's `witnesses` and `quorum`. Raises MalformedProof naming the line."""
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    members: set[str] = set()
    for item in lines:
        what = strict.text(item, "witnesses", LINE_BYTES_MAX)
        words = [word for word in what.split(" ") if word]
        if not words:
            raise MalformedProof("witnesses: an empty line")
        if words[0] == "group":
            name, group = _group(words, what)
            if any(member not in witnesses and member not in groups for member in group[1]):
                raise MalformedProof(f"witnesses: {what[:100]!r} has a member that is not defined before")
            if len(set(group[1])) != len(group[1]) or members.intersection(group[1]):
                raise MalformedProof(f"witnesses: {what[:100]!r} has a member that is one already")
            members.update(group[1])
            groups[name] = _new(name, group, witnesses, groups)
        else:
            name, key = _witness(words, what)
            witnesses[name] = _new(name, key, witnesses, groups)
    if len({key.public_key for key in witnesses.values()}) != len(witnesses):
        raise MalformedProof("witnesses: the same key twice")
    if isinstance(quorum, str):
        if quorum != NONE and quorum not in witnesses and quorum not in groups:
            raise MalformedProof(f"quorum {quorum[:100]!r} is no witness or group")
    elif strict.integer(quorum, "quorum") > len(witnesses):
        raise MalformedProof(f"quorum {quorum} of {len(witnesses)} witnesses")
    return Policy(witnesses, groups, quorum)


def _new(name: str, value: Any, *defined: Mapping[str, Any]) -> Any:
    if not name or name == NONE or any(name in names for names in defined):
        raise MalformedProof(f"witnesses: the name {name[:100]!r} is there twice, or none")
    return value


def _group(words: list[str], what: str) -> tuple[str, tuple[int, tuple[str, ...]]]:
    if len(words) < 4:
        raise MalformedProof(f"witnesses: {what[:100]!r} is not 'group <name> <all, any or k> <name>…'")
    _, name, least, *members = words
    k = {"all": len(members), "any": 1}.get(least) or (int(least) if _K_RE.match(least) else 0)
    if not 1 <= k <= len(members):
        raise MalformedProof(f"witnesses: {what[:100]!r} asks for {least} of {len(members)}")
    return name, (k, tuple(members))


def _witness(words: list[str], what: str) -> tuple[str, VerifierKey]:
    line = words[0] == "witness"
    if len(words) not in ((3, 4) if line else (1,)):
        raise MalformedProof(f"witnesses: {what[:100]!r} is neither a vkey nor 'witness <name> <vkey> [<url>]'")
    key = VerifierKey.parse(words[2 if line else 0])
    if key.algorithm is not Algorithm.COSIGNATURE_V1:
        raise MalformedProof(f"witnesses: the key of {key.name!r} is of type 0x{key.algorithm:02x}, not 0x04")
    return words[1] if line else key.name, key
