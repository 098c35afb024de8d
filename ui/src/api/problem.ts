/** One field's fault, as RFC 9457 problem JSON lists it under `errors`. */
export interface FieldFault {
  field: string;
  message: string;
}

/** The server answered, and the answer is no. `status` is the HTTP status. */
export class ServerProblem extends Error {
  readonly status: number;
  readonly detail: string;
  readonly faults: readonly FieldFault[];
  /** Seconds after which the server asks to be tried again, if it said so. */
  readonly retryAfter: number | null;

  constructor(status: number, title: string, detail: string, faults: readonly FieldFault[], retryAfter: number | null) {
    super(title);
    this.name = "ServerProblem";
    this.status = status;
    this.detail = detail;
    this.faults = faults;
    this.retryAfter = retryAfter;
  }
}

/** No answer came at all. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** The answer began and broke off. `bytes` had arrived. */
export class CutOff extends Error {
  override readonly name = "CutOff";
  readonly bytes: number;

  constructor(bytes: number) {
    super("the answer broke off");
    this.bytes = bytes;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function faultsOf(value: unknown): FieldFault[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((fault) => ({ field: text(fault["field"]), message: text(fault["message"]) }));
}

/** Reads an answer that is not 2xx; a body that is no problem JSON (a proxy's page, say) still gives a usable problem. */
export async function readProblem(response: Response): Promise<ServerProblem> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // Not JSON: the status alone has to do.
  }
  const fields = isRecord(body) ? body : {};
  const after = Number(response.headers.get("Retry-After") ?? "");
  return new ServerProblem(
    response.status,
    text(fields["title"]) || response.statusText || `Status ${response.status}`,
    text(fields["detail"]),
    faultsOf(fields["errors"]),
    Number.isFinite(after) && after > 0 ? after : null,
  );
}
