// Everything of a booking in order, as a table: what the drawing shows, in words.
import { el, jump, table } from "./dom.js";
import { sign } from "./signs.js";
import { actorInWords, clock, day, money, typeInWords } from "./words.js";

export class List {
  /** Calls `go(index)` for a row that is chosen. */
  constructor(story, go) {
    this.story = story;
    this.rows = story.events.map((event, index) => this.#row(event, () => go(index)));
    const heads = ["Position", "Happened", "Event", "By", "In", "Out", "Proof"];
    const title = el("h2", { id: "all-title" }, "Everything in order");
    const given = { class: "card wide", "aria-labelledby": "all-title" };
    this.shown = el("section", given, title, table({ class: "events", heads, rows: this.rows }));
  }

  point(index) {
    this.current?.classList.remove("current");
    this.current?.querySelector("button").removeAttribute("aria-current");
    this.current = this.rows[index];
    this.current.classList.add("current");
    this.current.querySelector("button").setAttribute("aria-current", "step");
  }

  judge(event, { state }) {
    this.rows[this.story.events.indexOf(event)].lastElementChild.replaceChildren(sign(state));
  }

  #row(event, go) {
    const { people, streams } = this.story;
    const { name } = streams.find(({ id }) => id === event.stream);
    const sum = (direction) => el("td", { class: "number" }, event.direction === direction && money(event.amount));
    return el(
      "tr",
      { onclick: go },
      el("td", { class: "number" }, String(event.position)),
      el("td", {}, `${day(event.occurred_at)} ${clock(event.occurred_at)}`),
      el("td", {}, jump(typeInWords(event.type)), el("span", { class: `tag ${event.kind}` }, name)),
      by(event.actor, people),
      sum("in"),
      sum("out"),
      el("td", {}, el("span", { class: "hint" }, "\u2026")),
    );
  }
}

/** Who did it, and of an operator why. */
export function by(actor, people) {
  return el("td", { title: actor.id }, actorInWords(actor, people), actor.reason && el("q", {}, actor.reason));
}
