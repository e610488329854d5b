// How an event is proven, step by step: its hash, the way up the tree, the root, the signature.
import { el, svg } from "./dom.js";
import { hex } from "./proof.js";
import { classOf, sign } from "./signs.js";
import { PROVEN, WRONG } from "./verifier.js";
import { moment } from "./words.js";

/** The panel about an event's proof. `verdict` is undefined until it is there. */
export function evidence(verdict, newest) {
  const title = el("h2", { id: "proof-title" }, "Proof");
  if (!verdict) return [title, el("p", { class: "hint" }, "Being verified \u2026")];
  const { state, says, record, leaf, steps } = verdict;
  const word = state.charAt(0).toUpperCase() + state.slice(1);
  return [
    title,
    el("div", { class: `verdict ${classOf(state)}` }, sign(state, word), el("p", {}, says)),
    leaf && el("ol", { class: "chain" }, chain(verdict, newest)),
    steps?.length ? ladder(leaf, steps, state) : null,
    record &&
      el(
        "details",
        { class: "record" },
        el("summary", {}, "The record, as it was hashed"),
        el("pre", { tabindex: 0, "aria-label": "Record" }, JSON.stringify(record, null, 2)),
      ),
  ];
}

function chain({ state, leaf, steps, index, size }, { checkpoint, signer }) {
  const hashed = link(PROVEN, "The record was hashed in this browser", hex(leaf));
  if (!steps) return [hashed];
  const led = state === WRONG ? WRONG : PROVEN;
  const count = `${steps.length} ${steps.length === 1 ? "hash leads" : "hashes lead"}`;
  const root = state === WRONG ? "That is not the root that was signed" : "That is the root that was signed";
  return [
    hashed,
    link(led, `${count} from leaf ${index + 1} of ${size} to a root`, hex(steps.at(-1)?.makes ?? leaf)),
    link(led, root, hex(checkpoint.root)),
    link(PROVEN, `The key ${signer.id} (Ed25519) signed it, ${moment(checkpoint.time)}`),
  ];
}

const link = (state, says, hash) =>
  el("li", { class: classOf(state) }, sign(state, says), hash && el("code", { class: "hash" }, hash));

const [RUNG, MIDDLE, ASIDE] = [30, 120, 66];

/** The way up the tree: at each level the hash that is known, beside the one that was made. */
function ladder(leaf, steps, state) {
  const height = (steps.length + 1) * RUNG + 8;
  const y = (level) => height - 16 - level * RUNG;
  const named = (hash, x, level, anchor) =>
    svg("text", { x, y: y(level) + 4, "text-anchor": anchor }, hex(hash).slice(0, 8));
  const rungs = steps.map(({ beside, isLeft, makes }, level) => {
    const x = MIDDLE + (isLeft ? -ASIDE : ASIDE);
    const way = `M${x} ${y(level)}L${MIDDLE} ${y(level + 1)}M${MIDDLE} ${y(level)}V${y(level + 1)}`;
    return [
      svg("path", { class: "rung", d: way }),
      svg("circle", { class: "beside", cx: x, cy: y(level), r: 4 }),
      named(beside, isLeft ? x - 9 : x + 9, level, isLeft ? "end" : "start"),
      svg("circle", { class: "made", cx: MIDDLE, cy: y(level + 1), r: 5 }),
      level === steps.length - 1 && named(makes, MIDDLE + 12, level + 1, "start"),
    ];
  });
  const event = svg("rect", { class: "made", x: MIDDLE - 5, y: y(0) - 5, width: 10, height: 10 });
  const given = { width: 2 * MIDDLE, height, viewBox: `0 0 ${2 * MIDDLE} ${height}`, "aria-hidden": "true" };
  return el(
    "figure",
    { class: `ladder ${classOf(state)}` },
    svg("svg", given, rungs, event),
    el("figcaption", {}, "From the event (square) up to the root: each is hashed with the one beside it."),
  );
}
