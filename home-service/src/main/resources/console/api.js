// Home's API. The token is in a variable of this module and nowhere else: a reload forgets it.

let token = null;
let accepted = false;
let onSignedOut = () => {};

/** An error answer, with its stable code. */
export class Problem extends Error {
  constructor(status, code, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const whenSignedOut = (callback) => (onSignedOut = callback);

/** Takes a token if it is an administrator's; throws a Problem if not. */
export async function signIn(presented) {
  if (!/^[\x21-\x7e]+$/.test(presented)) {
    throw new Problem(401, "unauthorized", "A token is printable ASCII without spaces.");
  }
  token = presented;
  try {
    await call("GET", "api/home");
    accepted = true;
  } catch (refused) {
    token = null;
    throw refused;
  }
}

/** Forgets the token; `refused` says why, if it was not asked for. */
export function signOut(refused) {
  token = null;
  accepted = false;
  onSignedOut(refused ?? null);
}

async function ask(method, path, body, options) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    ...options,
  });
  if (answer.ok) {
    return answer;
  }
  const problem = await answer.json().catch(() => ({}));
  const retry = Number(answer.headers.get("Retry-After"));
  const refused = new Problem(answer.status, problem.code ?? "", problem.detail ?? `Home answered ${answer.status}.`, retry || null);
  if (answer.status === 401 && accepted) {
    signOut(refused);
  }
  throw refused;
}

/** Calls home, and gives the JSON of its answer, or null if that is empty. */
export async function call(method, path, body) {
  const answer = await ask(method, path, body, { signal: AbortSignal.timeout(15_000) });
  return answer.status === 204 ? null : answer.json();
}

const SILENCE = 12_000;

/**
 * Follows the stream of the fleet until the returned function is called. An EventSource cannot show a token, so the stream is
 * read by hand; it reconnects by itself, and soon when home has asked for that.
 */
export function follow(onEvent, onStatus) {
  let stopped = false;
  let abort = new AbortController();
  (async () => {
    let failures = 0;
    while (!stopped) {
      let wait = 300;
      try {
        abort = new AbortController();
        const answer = await ask("GET", "api/console/stream", undefined, {
          signal: abort.signal,
          headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
        });
        failures = 0;
        onStatus("live");
        await read(answer.body.getReader(), onEvent, abort);
      } catch (failure) {
        if (stopped || failure.status === 401) {
          return;
        }
        failures++;
        wait = (failure.retryAfter ?? Math.min(5, 0.3 * 2 ** failures)) * 1000;
        onStatus("lost", failure instanceof Problem ? failure.message : "Home cannot be reached.");
      }
      await new Promise((resume) => setTimeout(resume, wait * (0.75 + Math.random() / 2)));
    }
  })();
  return () => {
    stopped = true;
    abort.abort();
  };
}

async function read(reader, onEvent, abort) {
  const decoder = new TextDecoder();
  let pending = "";
  for (;;) {
    const watchdog = setTimeout(() => abort.abort(new Error("silence")), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(watchdog));
    if (done) {
      return;
    }
    pending += decoder.decode(value, { stream: true });
    const frames = pending.split("\n\n");
    pending = frames.pop();
    for (const frame of frames) {
      const event = /^event: (\S+)\ndata: (.*)$/.exec(frame);
      if (event) {
        onEvent(event[1], JSON.parse(event[2]));
      }
    }
  }
}
