// One event: what was recorded, what it changed, what everything was after it, and its proof.
import { el, svg } from "./dom.js";
import { classOf, glyph } from "./lanes.js";
import { hex } from "./proof.js";
import { stateInWords } from "./story.js";
import { PROVEN, UNKNOWN, WRONG } from "./verifier.js";
import { actorInWords, inWords, isMoney, label, moment, money, short, typeInWords } from "./words.js";

/** A verdict as a sign and a word. */
export function sign(state, says = state) {
  const drawn = svg(
    "svg",
    { class: `glyph ${classOf(state)}`, viewBox: "-10 -10 20 20", width: 18, height: 18, "aria-hidden": "true" },
    ...glyph(state),
  );
  return el("span", { class: `sign ${classOf(state)}` }, drawn, " ", says);
}

/** The panel about the event at `index`. `go(position)` goes to another one. */
export function detail(story, index, verdict, newest, go) {
  const event = story.events[index];
  return el(
    "div",
    { class: "detail" },
    el("section", { class: "card", "aria-labelledby": "event-title" }, happened(story, event, index, verdict, go)),
    el("section", { class: "card", "aria-labelledby": "changes-title" }, changes(event), states(story, event, index)),
    el("section", { class: "card", "aria-labelledby": "proof-title" }, proof(verdict, newest)),
  );
}

function happened(story, event, index, verdict, go) {
  const meta = verdict?.record ? JSON.parse(verdict.record.meta) : null;
  const cause = event.causation && story.events.find((other) => other.id === event.causation);
  const rows = [
    ["Happened", moment(event.occurred_at)],
    ["Recorded", moment(event.recorded_at)],
    ["By", el("span", { title: event.actor.id }, actorInWords(event.actor, story.people))],
    event.actor.reason && ["Reason", el("q", {}, event.actor.reason)],
    ["Stream", `${inWords(event.kind)} ${short(event.stream)}, version ${event.version}`],
    ["Command", el("code", { title: event.command ?? "" }, event.command ? short(event.command) : "none")],
    ["Caused by", causedBy(event, cause, go)],
    ["Position", `${event.position} in the whole log`],
  ];
  return [
    el("p", { class: "eyebrow" }, `Event ${index + 1} of ${story.events.length}`),
    el("h2", { id: "event-title" }, typeInWords(event.type)),
    el(
      "dl",
      { class: "facts" },
      rows.filter(Boolean).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    ),
    event.money?.length ? moves(event) : null,
    el("h3", {}, "What was recorded"),
    verdict?.record
      ? tree(JSON.parse(verdict.record.data), sealedIn(event, meta))
      : tree(event.data, sealedIn(event, meta)),
  ];
}

const sealedIn = (event, meta) => new Set([...(event.sealed ?? []), ...Object.keys(meta?.sealed ?? {})]);

function causedBy(event, cause, go) {
  if (!event.causation) return "a request of its own";
  if (!cause) return el("code", { title: event.causation }, short(event.causation));
  return el(
    "button",
    { type: "button", class: "link", onclick: () => go(cause.position) },
    `${typeInWords(cause.type)}, position ${cause.position}`,
  );
}

function moves(event) {
  const rows = event.money.map(({ account, minor, currency }) => {
    const amount = money({ minor: String(minor).replace("-", ""), currency });
    const isDebit = BigInt(minor) >= 0n;
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, inWords(account)),
      el("td", { class: "number" }, isDebit ? amount : ""),
      el("td", { class: "number" }, isDebit ? "" : amount),
    );
  });
  const head = el(
    "tr",
    {},
    ["Account", "Debit", "Credit"].map((name) => el("th", { scope: "col" }, name)),
  );
  return el(
    "table",
    { class: "moves" },
    el("caption", {}, "What it moved"),
    el("thead", {}, head),
    el("tbody", {}, rows),
  );
}

function changes(event) {
  const rows = event.changes
    .flatMap((change) => leaves(change))
    .map(({ path, before, after }) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, place(path)),
        el("td", { class: "before" }, value(before)),
        el("td", { class: "after" }, value(after)),
      ),
    );
  const head = el(
    "tr",
    {},
    ["What", "Before", "After"].map((name) => el("th", { scope: "col" }, name)),
  );
  return [
    el("h2", { id: "changes-title" }, "What it changed"),
    rows.length
      ? el(
          "div",
          { class: "wide", tabindex: 0, role: "group", "aria-labelledby": "changes-title" },
          el("table", { class: "changes" }, el("thead", {}, head), el("tbody", {}, rows)),
        )
      : el("p", { class: "hint" }, "Nothing of the state: the event is a note of its own."),
  ];
}

/** A change of a whole document as those of its parts, so that a first event is readable too. */
function leaves({ path, before, after }) {
  if (!isTree(before) && !isTree(after)) return [{ path, before, after }];
  if (
    (before !== null && before !== undefined && !isTree(before)) ||
    (after !== null && after !== undefined && !isTree(after))
  )
    return [{ path, before, after }];
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .flatMap((name) => leaves({ path: `${path}/${name}`, before: before?.[name], after: after?.[name] }))
    .filter(({ before: was, after: is }) => !isNothing(was) || !isNothing(is));
}

const isTree = (thing) => thing !== null && typeof thing === "object" && !Array.isArray(thing) && !isMoney(thing);

const isNothing = (thing) =>
  thing === null || thing === undefined || (typeof thing === "object" && Object.keys(thing).length === 0);

const place = (path) =>
  path
    .split("/")
    .slice(1)
    .map((name) => label(name.replaceAll("~1", "/").replaceAll("~0", "~")))
    .join(" \u203a ") || "all of it";

function states(story, event, index) {
  const shown = story.streams.filter(({ id }) => story.after[index].has(id));
  return [
    el("h2", { id: "states-title" }, "The state then"),
    shown.map((stream) => {
      const state = story.after[index].get(stream.id);
      const last = story.events.slice(0, index + 1).findLast((each) => each.stream === stream.id);
      return el(
        "details",
        { class: `state-of ${stream.kind}`, open: stream.id === event.stream },
        el(
          "summary",
          {},
          el("b", {}, stream.name),
          " ",
          el("span", { class: "now" }, stateInWords(stream, state, last.type)),
          el("span", { class: "hint" }, `version ${last.version}`),
        ),
        tree({ ...state, is: null }, new Set()), // what it is, the heading says
      );
    }),
  ];
}

/** Any JSON as lists of names and values. */
function tree(thing, sealed, path = "") {
  if (!isTree(thing) && !Array.isArray(thing)) return value(thing);
  const named = Object.entries(thing).filter(([, each]) => !isNothing(each));
  if (!named.length) return el("p", { class: "hint" }, "Nothing.");
  const isList = Array.isArray(thing);
  return el(
    "dl",
    { class: "tree" },
    named.map(([name, each]) => {
      const here = path ? `${path}/${name}` : name;
      const isSealed = sealed.has(here) || sealed.has(`/${here}`) || sealed.has(here.replaceAll("/", "."));
      const shown = isSealed
        ? el("span", { class: "sealed" }, "sealed: its author holds the key")
        : nested(each, sealed, here);
      return el(
        "div",
        { class: isTree(each) || Array.isArray(each) ? "branch" : "leaf" },
        el("dt", {}, isList ? `${Number(name) + 1}.` : label(name)),
        el("dd", {}, shown),
      );
    }),
  );
}

function nested(each, sealed, path) {
  if (!Array.isArray(each)) return tree(each, sealed, path);
  return el(
    "details",
    { class: "many" },
    el("summary", {}, `${each.length} ${each.length === 1 ? "item" : "items"}`),
    tree(each, sealed, path),
  );
}

function value(thing) {
  if (thing === undefined) return el("span", { class: "none" }, "nothing");
  if (thing === null) return el("span", { class: "none" }, "none");
  if (isMoney(thing)) return el("span", { class: "amount" }, money(thing));
  if (typeof thing === "boolean") return thing ? "yes" : "no";
  if (Array.isArray(thing)) return `${thing.length} items`;
  if (typeof thing === "string" && /^[0-9a-f-]{36}$/.test(thing)) return el("code", { title: thing }, short(thing));
  if (typeof thing === "string" && /^\d{4}-\d{2}-\d{2}T.*Z$/.test(thing)) return moment(thing);
  return /^[a-z]+(_[a-z]+)+$/.test(thing) ? inWords(thing) : String(thing);
}

function proof(verdict, newest) {
  const title = el("h2", { id: "proof-title" }, "Proof");
  if (!verdict) return [title, el("p", { class: "hint" }, "Being verified \u2026")];
  const { state, says, leaf, steps, index, size } = verdict;
  const { checkpoint, signer } = newest;
  return [
    title,
    el("p", { class: `verdict ${classOf(state)}` }, sign(state, capital(state)), el("span", {}, says)),
    leaf &&
      el(
        "ol",
        { class: "chain" },
        link(leaf ? PROVEN : UNKNOWN, "The record was hashed in this browser", hex(leaf)),
        steps &&
          link(
            state === WRONG ? WRONG : PROVEN,
            `${steps.length} ${steps.length === 1 ? "hash leads" : "hashes lead"} from leaf ${index + 1} of ${size} to a root`,
            steps.length ? hex(steps.at(-1).makes) : hex(leaf),
          ),
        checkpoint &&
          steps &&
          link(
            state === WRONG ? WRONG : PROVEN,
            state === WRONG ? "It is not the root that was signed" : "It is the root that was signed",
            hex(checkpoint.root),
          ),
        signer && steps && link(PROVEN, `Signed by the key ${signer.id} (Ed25519), ${moment(checkpoint.time)}`, null),
      ),
    steps?.length ? ladder(leaf, steps, state) : null,
    verdict.record &&
      el(
        "details",
        { class: "record" },
        el("summary", {}, "The record, as it was hashed"),
        el("pre", { tabindex: 0 }, JSON.stringify(verdict.record, null, 2)),
      ),
  ];
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const link = (state, says, hash) =>
  el("li", { class: classOf(state) }, sign(state, says), hash && el("code", { class: "hash" }, hash));

/** The way up the tree: at each level the hash that is known beside the one that was made. */
function ladder(leaf, steps, state) {
  const [rung, middle, aside] = [30, 120, 66];
  const height = (steps.length + 1) * rung + 8;
  const y = (level) => height - 16 - level * rung;
  const written = (hash, x, level, anchor) =>
    svg("text", { x, y: y(level) + 4, "text-anchor": anchor }, hex(hash).slice(0, 8));
  const drawn = steps.map(({ beside, isLeft, makes }, level) => {
    const x = middle + (isLeft ? -aside : aside);
    return svg(
      "g",
      {},
      svg("path", {
        class: "rung",
        d: `M${x} ${y(level)}L${middle} ${y(level + 1)}M${middle} ${y(level)}V${y(level + 1)}`,
      }),
      svg("circle", { class: "beside", cx: x, cy: y(level), r: 4 }),
      written(beside, isLeft ? x - 9 : x + 9, level, isLeft ? "end" : "start"),
      svg("circle", { class: "made", cx: middle, cy: y(level + 1), r: 5 }),
      level === steps.length - 1 ? written(makes, middle + 12, level + 1, "start") : null,
    );
  });
  return el(
    "figure",
    { class: `ladder ${classOf(state)}` },
    svg(
      "svg",
      { width: 240, height, viewBox: `0 0 240 ${height}`, "aria-hidden": "true" },
      drawn,
      svg("rect", { class: "made", x: middle - 5, y: y(0) - 5, width: 10, height: 10 }),
    ),
    el("figcaption", {}, "From the event (square) to the root: each level is hashed with the one beside it."),
  );
}
