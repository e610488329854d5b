// One event: what was recorded, what it changed, what everything was after it, and its proof.
import { el, jump, table } from "./dom.js";
import { evidence } from "./evidence.js";
import { changesOf, stateInWords } from "./story.js";
import { parts, place, tree, value } from "./values.js";
import { actorInWords, inWords, moment, money, short, sums, typeInWords } from "./words.js";

/** The panel about the event at `index`. `go(position)` goes to another one. */
export function detail(story, index, verdict, newest, go) {
  const event = story.events[index];
  const card = (title, ...shown) => el("section", { class: "card", "aria-labelledby": title }, shown);
  return el(
    "div",
    { class: "detail" },
    card("event-title", happened(story, index, verdict, go)),
    card("changes-title", changes(story, index), states(story, index)),
    card("proof-title", evidence(verdict, newest)),
  );
}

function happened(story, index, verdict, go) {
  const event = story.events[index];
  const rows = [
    ["Happened", moment(event.occurred_at)],
    ["Recorded", moment(event.recorded_at)],
    ["By", el("span", { title: event.actor.id }, actorInWords(event.actor, story.people))],
    event.actor.reason && ["Reason", el("q", {}, event.actor.reason)],
    ["Caused by", causeOf(event, story, go)],
    ["Command", el("code", { title: event.command }, short(event.command))],
    ["Stream", el("span", { title: event.stream }, `${inWords(event.kind)} ${short(event.stream)}`)],
    ["Version", String(event.version)],
    ["Position", `${event.position} in the whole log`],
    ["Balance", sums(story.balances[index])],
  ];
  const data = verdict?.record ? JSON.parse(verdict.record.data) : event.data;
  return [
    el("p", { class: "eyebrow" }, `Event ${index + 1} of ${story.events.length}`),
    el("h2", { id: "event-title", tabindex: -1 }, typeInWords(event.type)),
    el(
      "dl",
      { class: "facts" },
      rows.filter(Boolean).map(([name, is]) => [el("dt", {}, name), el("dd", {}, is)]),
    ),
    event.money.length ? moves(event) : null,
    el("h3", {}, "What was recorded"),
    tree(data, event.sealed),
  ];
}

function causeOf(event, story, go) {
  if (!event.causation) return "no other event";
  const cause = story.events.find(({ id }) => id === event.causation);
  if (!cause) return el("code", { title: event.causation }, short(event.causation));
  return jump(`${typeInWords(cause.type)}, ${cause.position}`, () => go(cause.position));
}

function moves(event) {
  const rows = event.money.map(({ account, minor, currency }) => {
    const amount = money({ minor: Math.abs(minor), currency });
    const sides = minor >= 0 ? [amount, ""] : ["", amount];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, inWords(account)),
      sides.map((side) => el("td", { class: "number" }, side)),
    );
  });
  return table({ class: "moves", caption: "What it moved", heads: ["Account", "Debit", "Credit"], rows });
}

function changes(story, index) {
  const title = el("h2", { id: "changes-title" }, "What it changed");
  const rows = changesOf(story, index)
    .flatMap(parts)
    .map(({ path, before, after }) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, place(path)),
        el("td", { class: "before" }, value(before)),
        el("td", { class: "after" }, value(after)),
      ),
    );
  if (!rows.length) return [title, el("p", { class: "hint" }, "Nothing of the state.")];
  const given = { class: "wide", tabindex: 0, role: "group", "aria-labelledby": "changes-title" };
  return [title, el("div", given, table({ class: "changes", heads: ["What", "Before", "After"], rows }))];
}

function states(story, index) {
  const [event, after] = [story.events[index], story.after[index]];
  const shown = story.streams.filter(({ id }) => after.get(id));
  const each = shown.map((stream) => {
    const { is, ...state } = after.get(stream.id);
    const last = story.events.findLast(({ stream: of }, number) => number <= index && of === stream.id);
    return el(
      "details",
      { class: `state-of ${stream.kind}`, open: stream.id === event.stream, title: is },
      el(
        "summary",
        {},
        el("b", {}, stream.name),
        " ",
        el("span", { class: "now" }, stateInWords(stream, after.get(stream.id), last.type)),
        " ",
        el("span", { class: "hint" }, `version ${last.version}`),
      ),
      tree(state),
    );
  });
  return [el("h2", { id: "states-title" }, "The state then"), each];
}
