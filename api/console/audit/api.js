// The API, as whoever is logged in with this browser.

const TOO_MANY = 429;

let csrf = null;

/** What Lodger refused, in its own words. `code` is the last part of the problem's type. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The answer was ${status}.`);
    this.status = status;
    this.problem = problem;
    this.code = String(problem.type ?? "")
      .split("/")
      .pop();
  }
}

async function send(method, path, body, patience = 1) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused(0, { detail: "Lodger does not answer. Is it running?" });
  }
  if (answer.ok) return answer;
  if (answer.status === TOO_MANY && patience && method === "GET") {
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get("Retry-After") ?? 1)));
    return send(method, path, body, patience - 1);
  }
  throw new Refused(answer.status, await answer.json().catch(() => ({})));
}

export const get = async (path) => (await send("GET", path)).json();

export const text = async (path) => (await send("GET", path)).text();

/** A file and what it is to be called. */
export async function file(path) {
  const answer = await send("GET", path);
  const named = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { name: named?.[1] ?? "log.zip", content: await answer.blob() };
}

/** Parameters that are there, as a query. */
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** Whoever this browser is logged in as, or null. */
export async function whoAmI() {
  try {
    csrf = (await get("/v1/sessions/current")).csrf_token;
    return await get("/v1/users/me");
  } catch (refused) {
    if (refused.status === 401) return null;
    throw refused;
  }
}

export async function logIn(shown) {
  csrf = (await (await send("POST", "/v1/sessions", shown)).json()).csrf_token;
}

export async function logOut() {
  await send("DELETE", "/v1/sessions/current");
  csrf = null;
}
