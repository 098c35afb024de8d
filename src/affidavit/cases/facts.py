"""Facts: what events of cases may say, each in words, and the field it is masked as."""

from __future__ import annotations

from typing import Final, NamedTuple


class Fact(NamedTuple):
    """What a fact says, and the path whose mask a reader sees it through; none: everybody may see it."""

    words: str
    path: str = ""


FREE: Final = "message"
"""What is free text, and what is unknown here, is masked as this path is."""
FACTS: Final = {
    "affected_systems": Fact("systems an incident is about"),
    "assignee": Fact("who sees to it", "actor.id"),
    "aware_at": Fact("when the organisation became aware, RFC 3339", "case.aware_at"),
    "classification": Fact("what it was classified as: major"),
    "closed_at": Fact("when it was closed, RFC 3339", "case.closed_at"),
    "consequences": Fact("likely consequences", FREE),
    "contact": Fact("where more can be learned", FREE),
    "decision": Fact("required or not_required"),
    "decision_reason": Fact("why the notice is required or not", FREE),
    "delay_reason": Fact("why a notice comes late", FREE),
    "denial_basis": Fact("provision or reason that a refusal rests on", "case.denial_basis"),
    "description": Fact("what it is about, in words", FREE),
    "discovered_at": Fact("when it was discovered, RFC 3339", "case.discovered_at"),
    "effects": Fact("effects of a breach", FREE),
    "extension_reason": Fact("why more time is needed", FREE),
    "factor_acquired": Fact("whether the information was actually acquired or viewed", FREE),
    "factor_mitigated": Fact("how far the risk has been mitigated", FREE),
    "factor_nature": Fact("nature and extent of the information", FREE),
    "factor_recipient": Fact("who used it or received it", FREE),
    "facts": Fact("what happened", FREE),
    "law": Fact("gdpr, ccpa, ferpa, hipaa …; of an incident several, with spaces"),
    "manner": Fact("how it came: mail, web form, in person"),
    "measures": Fact("measures taken or proposed", FREE),
    "method": Fact("how the notice was given"),
    "nature": Fact("nature of the breach", FREE),
    "note": Fact("anything worth keeping", FREE),
    "notice": Fact("who is notified: authority, individuals, media … or early_warning, initial, intermediate, final"),
    "outcome": Fact("of a request: complied, complied_in_part, denied, withdrawn", "case.outcome"),
    "pause_reason": Fact("what the subject was asked", FREE),
    "received_at": Fact("when the request came in, RFC 3339", "case.received_at"),
    "recipients_told": Fact("recipients who were told of it", FREE),
    "record_categories": Fact("categories of records"),
    "record_count": Fact("number of records, about"),
    "reference": Fact("reference number of a notice", FREE),
    "remedy": Fact("of a refusal: complaint and judicial remedy told; of a breach: what was done about it", FREE),
    "reopen_reason": Fact("why it is taken up again", FREE),
    "response": Fact("what was answered", FREE),
    "right": Fact("what is asked for: access, erasure, know, delete, inspection …", "case.right"),
    "risk": Fact("none, low or high"),
    "risk_reason": Fact("why the risk is that", FREE),
    "subject_categories": Fact("categories of people affected"),
    "subject_count": Fact("number of people affected, about"),
    "subject_id": Fact("whose data it is about", "subject.id"),
    "subject_name": Fact("that person's name", "subject.name"),
    "subject_type": Fact("customer, consumer, student, patient …", "subject.type"),
    "title": Fact("an incident in a few words", FREE),
    "verified_how": Fact("how the identity was verified", FREE),
}
