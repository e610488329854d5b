// A booking's timeline as the page goes through it: its streams, the state of each after any event, and its money.
import { names } from "./values.js";
import { inWords, isMoney } from "./words.js";

const ORDER = ["booking", "payment", "host_account", "review"];

/** What GET /v1/audit/bookings/ID/timeline answered, with the states after each event worked out from its changes. */
export function read(answer) {
  const { events } = answer;
  const after = statesAfter(events);
  const { host_id: host, guest_id: guest } = after.at(-1).get(answer.booking)?.made ?? {};
  return {
    id: answer.booking,
    events,
    people: { [guest]: "guest", [host]: "host" },
    moved: { in: sumOf(events, "in"), out: sumOf(events, "out") },
    streams: streamsOf(events, after.at(-1)),
    after,
    balances: balancesAfter(events),
  };
}

/** [{id, kind, name}]: one lane each, the booking's first. */
function streamsOf(events, last) {
  const kinds = new Map(events.map(({ stream, kind }) => [stream, kind]));
  const rank = (kind) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  const found = [...kinds].map(([id, kind]) => ({ id, kind })).sort((one, other) => rank(one.kind) - rank(other.kind));
  return found.map((stream) => {
    const alike = found.filter(({ kind }) => kind === stream.kind);
    const number = alike.length > 1 ? ` ${alike.indexOf(stream) + 1}` : "";
    return { ...stream, name: nameOf(stream.kind, last.get(stream.id), number) };
  });
}

function nameOf(kind, state, number) {
  const author = state?.written?.author;
  if (kind === "review" && author) return `${capital(author)}\u2019s review`;
  return kind === "host_account" ? "Payout" : capital(inWords(kind)) + number;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** For each event the states of all streams after it, by the stream's id. */
function statesAfter(events) {
  let states = new Map();
  return events.map(({ stream, changes }) => {
    states = new Map(states).set(stream, changed(states.get(stream) ?? null, changes));
    return states;
  });
}

/** What an event changed of its stream: [{path, before, after}]. Of an amount, the amount. */
export function changesOf({ events, after }, index) {
  const { stream, changes } = events[index];
  const [was, is] = [after[index - 1]?.get(stream) ?? null, after[index].get(stream)];
  const found = changes.map(({ path, ...change }) => {
    const whole = names(path).slice(0, -1);
    const [before, then] = [within(was, whole), within(is, whole)];
    if (!isMoney(before) || !isMoney(then)) return { path, ...change };
    return { path: path.slice(0, path.lastIndexOf("/")), before, after: then };
  });
  return found.filter(({ path }, number) => found.findIndex((other) => other.path === path) === number);
}

const within = (document, way) => way.reduce((inside, name) => inside?.[name], document);

/** The document after some changes; a change without `after` takes away. Paths are JSON Pointers. */
function changed(document, changes) {
  let made = structuredClone(document);
  for (const { path, ...change } of changes) {
    const way = names(path);
    const last = way.pop();
    const value = "after" in change ? structuredClone(change.after) : undefined;
    if (last === undefined) made = value ?? null;
    else {
      const place = way.reduce((within, name) => within[name], made);
      if (value === undefined) delete place[last];
      else place[last] = value;
    }
  }
  return made;
}

/** What went one way in all: {currency: minor units, as BigInt}. */
function sumOf(events, way) {
  return events.filter(({ direction }) => direction === way).reduce((sums, { amount }) => plus(sums, amount, 1n), {});
}

/** For each event what has come in less what went out by then: {currency: minor units, as BigInt}. */
function balancesAfter(events) {
  let sums = {};
  return events.map(({ direction, amount }) => {
    if (direction !== "none") sums = plus(sums, amount, direction === "in" ? 1n : -1n);
    return sums;
  });
}

const plus = (sums, { minor, currency }, sign) => ({
  ...sums,
  [currency]: (sums[currency] ?? 0n) + sign * BigInt(minor),
});

/** What a stream is after an event, in a word or two. */
export function stateInWords({ kind }, state, type) {
  if (state === null || state === undefined) return "";
  switch (kind) {
    case "booking":
      return state.alteration ? `${spaced(state.is)}, altering` : spaced(state.is);
    case "payment":
      return paymentInWords(state);
    case "review":
      return state.is_removed ? "removed" : state.is_revealed ? "revealed" : "sealed";
    default:
      return spaced(type).replace(/^(host|payout) /, "");
  }
}

/** As `domain.payments.status` has it, and what is on its way. */
function paymentInWords({ stage, started, refunds, disputes }) {
  const given = Object.values(refunds);
  const back = given
    .filter(({ outcome }) => outcome === "succeeded")
    .reduce((sum, { amount }) => sum + amount.minor, 0);
  if (Object.values(disputes).some(({ outcome }) => outcome !== "won")) return "disputed";
  if (given.some(({ outcome }) => outcome === "started")) return "refunding";
  if (back) return back === started.amount.minor ? "refunded" : "refunded in part";
  return given.length ? "refund failed" : inWords(stage);
}

const spaced = (name) =>
  String(name)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
