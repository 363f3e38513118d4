// The two ways to the service: one question over HTTP, and values as they change over one WebSocket. Same origin, no other host.
import { createClient, type Client } from "graphql-ws";

/** An answer that is not one: what was refused, and why, in the service's own words. */
export class Refused extends Error {
  override readonly name = "Refused";

  /** `code`: what was wrong in one word of the service's, where it gave one. */
  constructor(
    message: string,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** The service did not answer. */
export class Away extends Error {
  override readonly name = "Away";
}

type Variables = Record<string, unknown>;

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Asks one question. Raises `Refused` with the service's reason, `Away` when there is no answer; an aborted one raises the abort. */
export async function ask<T>(query: string, variables: Variables = {}, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
      body: JSON.stringify({ query, variables }),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Away("The service does not answer.", { cause });
  }
  let answer: Answer<T>;
  try {
    answer = (await response.json()) as Answer<T>;
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Away(`The service answered ${response.status} without a result.`, { cause });
  }
  if (answer.errors?.length) throw new Refused([...new Set(answer.errors.map((error) => error.message))].join(" · "), answer.errors[0]?.extensions?.code ?? null);
  if (!answer.data) throw new Away(`The service answered ${response.status} without a result.`);
  return answer.data;
}

let socket: Client | undefined;

/** Follows a subscription until the returned function is called. A lost line is taken up again by itself, at most 10 s apart. */
export function follow<T>(query: string, variables: Variables, each: (data: T) => void, broken: (reason: string) => void): () => void {
  socket ??= createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (tries) => new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** tries))),
    shouldRetry: () => true,
  });
  return socket.subscribe<T>(
    { query, variables },
    {
      next: (answer) => {
        if (answer.data) each(answer.data);
        else if (answer.errors?.length) broken(answer.errors.map((error) => error.message).join(" · "));
      },
      error: (cause) => broken(cause instanceof Error ? cause.message : Array.isArray(cause) ? String(cause[0]?.message) : "the line was closed"),
      complete: () => undefined,
    },
  );
}
