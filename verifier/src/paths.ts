/** Paths that a query may name (docs/format.md, paths; a test compares the two). */

export const FIELD_PATHS: ReadonlySet<string> = new Set([
  "actor.id", "actor.is_privileged", "actor.is_service", "actor.mfa", "actor.name", "actor.on_behalf_of",
  "actor.roles", "actor.session", "actor.type", "basis.consent_ref", "basis.exemption_code", "basis.justification",
  "basis.lawful_basis", "basis.legitimate_interest", "basis.purpose", "basis.ticket", "case.aware_at",
  "case.closed_at", "case.denial_basis", "case.discovered_at", "case.due_at", "case.incident_id", "case.outcome",
  "case.received_at", "case.request_id", "case.right", "change.approved_by", "change.back_out", "change.requested_by",
  "change.tested_by", "classification", "controls", "data_categories", "details", "disclosure.additional_parties",
  "disclosure.description", "disclosure.method", "disclosure.recipient.address", "disclosure.recipient.country",
  "disclosure.recipient.name", "disclosure.recipient.type", "disclosure.redisclosure_notice", "disclosure.threat",
  "id", "legal_hold", "message", "record_count", "resource.id", "resource.name", "resource.owner", "resource.type",
  "retention_class", "secrets_stripped", "severity", "source.app", "source.device", "source.geo", "source.ip",
  "source.request_id", "source.user_agent", "status_detail", "subject.id", "subject.name", "subject.relationship",
  "subject.type", "target",
]);

export const OWN_GROUPS: ReadonlySet<string> = new Set([
  "anchor", "erasure", "export", "hold", "key", "log", "purge", "query", "retention", "run", "settings",
]);

export const PUBLIC_KEYS: readonly string[] = ["action", "at", "outcome", "t"];

const COLUMN = /^change\.(?:before|after)\.[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/;
const DETAIL = /^details(?:\.[A-Za-z0-9_-]+)+$/;
const OWN = /^([a-z][a-z0-9_]*)(?:\.[a-z][a-z0-9_]*)+$/;

/** Whether a condition may name this path: a public key, a field, or a key inside details. */
export function isQueryPath(path: string): boolean {
  if (path.length > 128) return false;
  if (PUBLIC_KEYS.includes(path) || FIELD_PATHS.has(path) || COLUMN.test(path) || DETAIL.test(path)) return true;
  return OWN_GROUPS.has(OWN.exec(path)?.[1] ?? "");
}
