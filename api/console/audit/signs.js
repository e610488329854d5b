// Verdicts as forms and words: none is told by its colour alone.
import { el, svg } from "./dom.js";
import { PROVEN, UNCOVERED, WRONG } from "./verifier.js";

export const classOf = (state) =>
  ({ [PROVEN]: "proven", [WRONG]: "wrong", [UNCOVERED]: "uncovered" })[state] ?? "unknown";

/** A tick in a disc, a cross in a square, a broken ring, a dot. */
export function glyph(state) {
  switch (state) {
    case PROVEN:
      return [svg("circle", { r: 9 }), svg("path", { d: "M-4 0.4L-1.2 3.2L4.2 -3" })];
    case WRONG: {
      const cross = svg("path", { d: "M-3.6 -3.6L3.6 3.6M3.6 -3.6L-3.6 3.6" });
      return [svg("rect", { x: -9, y: -9, width: 18, height: 18, rx: 3 }), cross];
    }
    case UNCOVERED:
      return [svg("circle", { r: 8 })];
    default:
      return [svg("circle", { r: 3 })];
  }
}

/** A form and what it means. */
export function sign(state, says = state) {
  const given = {
    class: `glyph ${classOf(state)}`,
    viewBox: "-10 -10 20 20",
    width: 18,
    height: 18,
    "aria-hidden": "true",
  };
  return el("span", { class: `sign ${classOf(state)}` }, svg("svg", given, glyph(state)), " ", says);
}
