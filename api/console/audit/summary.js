// What all proofs of a booking come to.
import { el, jump } from "./dom.js";
import { sign } from "./signs.js";
import { PROVEN, UNCOVERED, UNKNOWN, WRONG } from "./verifier.js";

/** Signs, the worst first. `go(position)` goes to the first event that is wrong. */
export function summary(events, verdicts, go) {
  const states = events.map(({ position }) => verdicts.get(position)?.state);
  const count = (state) => states.filter((each) => each === state).length;
  const first = events[states.indexOf(WRONG)];
  const counted = [UNCOVERED, UNKNOWN].filter(count).map((state) => sign(state, `${count(state)} ${state}`));
  return [
    first &&
      el(
        "span",
        {},
        sign(WRONG, `${count(WRONG)} wrong:`),
        " ",
        jump(`position ${first.position}`, () => go(first.position)),
      ),
    sign(count(PROVEN) ? PROVEN : UNKNOWN, `${count(PROVEN)} of ${states.length} events proven`),
    ...counted,
    count(undefined) ? el("span", { class: "hint" }, `${count(undefined)} being verified \u2026`) : null,
  ].filter(Boolean);
}
