// What a source says, by the graph store protocol: a file on its way into the twin (PUT), what is kept of it (GET), its withdrawal (DELETE).
//
// 1. What is tried out is tried against a state; what is then applied is applied to that state or not at all (If-Match).
// 2. One key for all tries of one file: it is taken at most once.
import { Away, Refused } from "./client";
import type { Act } from "./ledger";
import type { FindingChange, Revision, Statement } from "./types";

/** Media type by what the file's name ends with. */
const FORMATS: Record<string, string> = {
  ttl: "text/turtle", turtle: "text/turtle", trig: "application/trig", nt: "application/n-triples", nq: "application/n-quads",
  jsonld: "application/ld+json", json: "application/ld+json", rdf: "application/rdf+xml", owl: "application/rdf+xml", xml: "application/rdf+xml",
};

/** What a file chooser offers. */
export const ENDINGS = Object.keys(FORMATS).map((ending) => `.${ending}`).join(",");

export function formatOf(name: string): string | null {
  return FORMATS[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? null;
}

/** A name for the source of a file: the file's own without its ending, in the signs that a source's name has. */
export function sourceNameOf(file: string): string {
  return file.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "");
}

export interface Wish extends Act {
  file: File;
  source: string;
  /** Percent of what the source said before that the file may leave out; null: the service's own bound. */
  deletions: number | null;
  /** The branch that takes it; null: the site. */
  branch: string | null;
}

/** What the file would change, or has changed. */
export interface Taken extends FindingChange {
  source: string;
  addedCount: number;
  removedCount: number;
  added: Statement[];
  removed: Statement[];
  revision: Revision | null;
  quarantined: string | null;
  /** Of a dry run: why the service would not take it. */
  refused: string | null;
}

/** What the service keeps of a source: its entity tag; null where the source says nothing yet. */
export async function tagOf(source: string, branch: string | null, stop?: AbortSignal): Promise<string | null> {
  const response = await fetch(address(source, branch), { method: "HEAD", ...(stop ? { signal: stop } : {}) }).catch((cause: unknown) => {
    throw new Away("The service does not answer.", { cause });
  });
  return response.ok ? response.headers.get("etag") : null;
}

function address(source: string, branch: string | null): string {
  return `/rdf?source=${encodeURIComponent(source)}${branch === null ? "" : `&branch=${encodeURIComponent(branch)}`}`;
}

/** Where a source can be had as a file. */
export const DOWNLOADS: readonly (readonly [string, string, string])[] = [
  ["TriG", "application/trig", "trig"], ["Turtle", "text/turtle", "ttl"], ["N-Quads", "application/n-quads", "nq"], ["JSON-LD", "application/ld+json", "jsonld"],
];

/** Fetches what a source says in the state that is looked at and hands it to the browser as a file. Raises `Refused`, `Away`. */
export async function download(source: string, media: string, ending: string, at: { asOf: string | null; branch: string | null }): Promise<void> {
  const when = at.asOf === null ? "" : `&at=${encodeURIComponent(at.asOf)}`;
  const response = await fetch(address(source, at.branch) + when, { headers: { accept: media } }).catch((cause: unknown) => {
    throw new Away("The service does not answer.", { cause });
  });
  if (!response.ok) throw refusal(response.status, await response.text());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${source.replace(/[^\w.-]+/g, "-")}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Sends a file; with `dryRun` nothing changes, and nobody is asked who wishes it and why. `tag` is the state that it was tried against (`tagOf`), undefined to ask for none.
 * `progress` hears the share that is sent, 0 to 1; 1 means that the service is reading. Raises `Refused` with the service's reason, `Away`.
 */
export function put(wish: Wish, dryRun: boolean, tag: string | null | undefined, progress: (share: number) => void, stop: AbortSignal): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what is sent
    const bound = wish.deletions === null ? "" : `&deletions=${wish.deletions}`;
    request.open("PUT", `${address(wish.source, wish.branch)}${bound}${dryRun ? "&dry-run" : ""}`);
    request.setRequestHeader("content-type", formatOf(wish.file.name) ?? "text/turtle");
    request.setRequestHeader("accept", "application/json");
    if (!dryRun) for (const [name, text] of Object.entries(whoAndWhy(wish))) request.setRequestHeader(name, text);
    if (tag !== undefined) request.setRequestHeader(tag === null ? "if-none-match" : "if-match", tag ?? "*");
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 1);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(new Away("The service does not answer."));
    request.onabort = () => reject(new Refused("It was broken off; nothing has changed."));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(takenFrom(wish.source, request.responseText));
      else reject(refusal(request.status, request.responseText));
    };
    stop.addEventListener("abort", () => request.abort());
    request.send(wish.file);
  });
}

/** Takes back all that a source says, as one revision; without an act it is a dry run. `tag`: see `put`. Raises `Refused`, `Away`. */
export async function withdraw(source: string, branch: string | null, act: Act | null, tag: string | null): Promise<Taken> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (tag !== null) headers["if-match"] = tag;
  if (act !== null) Object.assign(headers, whoAndWhy(act));
  const response = await fetch(`${address(source, branch)}${act === null ? "&dry-run" : ""}`, { method: "DELETE", headers }).catch((cause: unknown) => {
    throw new Away("The service does not answer.", { cause });
  });
  if (!response.ok) throw refusal(response.status, await response.text());
  return takenFrom(source, await response.text());
}

function whoAndWhy({ author, reason, key }: Act): Record<string, string> {
  return { from: headerText(author), "ridethrough-reason": headerText(reason), "idempotency-key": key };
}

function takenFrom(source: string, text: string): Taken {
  const told = (text ? JSON.parse(text) : {}) as Partial<Taken>;
  const nothing = { addedCount: 0, removedCount: 0, added: [], removed: [], newFindings: [], goneFindingsCount: 0, unchangedFindingsCount: 0 };
  return { source, ...nothing, revision: null, quarantined: null, refused: null, ...told };
}

/** A problem report (RFC 9457) in its own words; else what the status says. */
export function refusal(status: number, text: string): Refused | Away {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    const told = detail ?? title;
    if (told) return new Refused(told);
  } catch {
    if (status < 500) return new Refused(text.trim() || `The service refused it (${status}).`);
  }
  return new Away(`The service answered ${status} without a reason.`);
}

/** Text as a header carries it: the bytes of UTF-8. */
function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
