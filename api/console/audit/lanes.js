// The timeline drawn: a lane for each stream, one for the money in each currency, one for the proofs; a column per event.
import { el, svg } from "./dom.js";
import { classOf, glyph } from "./signs.js";
import { stateInWords } from "./story.js";
import { clock, day, money, typeInWords } from "./words.js";

const [DATES, LANE, MONEY, PROOF] = [34, 42, 68, 38];
const [NARROWEST, WIDEST, THUMB] = [30, 92, 18];
const LETTER = 6.6; // of the drawing's font, about, in pixels

/** A story drawn; calls `go(index)` for a column that is pointed at. */
export class Lanes {
  constructor(story, go) {
    this.story = story;
    this.go = go;
    this.verdicts = new Map();
    this.currencies = Object.keys(story.balances.at(-1) ?? {});
    this.names = el("ul", { class: "lane-names", "aria-hidden": "true" });
    this.drawing = el("div", { class: "lane-drawing" });
    this.slider = el("input", {
      type: "range",
      class: "steps",
      min: 1,
      max: story.events.length,
      "aria-label": "Step through time",
    });
    this.scroll = el("div", { class: "lane-scroll" }, this.drawing, this.slider);
    this.slider.addEventListener("input", () => go(Number(this.slider.value) - 1));
    this.shown = el("div", { class: "lanes" }, this.names, this.scroll);
    this.#name();
    new ResizeObserver(() => this.#draw()).observe(this.scroll);
  }

  #name() {
    const names = [
      ["dates", ""],
      ...this.story.streams.map(({ kind, name }) => [`lane ${kind}`, name]),
      ...this.currencies.map((currency) => ["money", `Money in and out, ${currency}`]),
      ["proof", "Proof"],
    ];
    this.names.replaceChildren(...names.map(([kind, name]) => el("li", { class: kind }, el("span", {}, name))));
  }

  /** Puts the mark at an event. */
  point(index) {
    this.index = index;
    const event = this.story.events[index];
    this.slider.value = index + 1;
    const said = `${index + 1} of ${this.story.events.length}: ${typeInWords(event.type)}, ${day(event.occurred_at)} ${clock(event.occurred_at)}`;
    this.slider.setAttribute("aria-valuetext", said);
    this.#mark();
    this.#scrollTo(index);
  }

  judge(event, verdict) {
    this.verdicts.set(event.position, verdict);
    const mark = this.drawing.querySelector(`[data-proof="${event.position}"]`);
    mark?.replaceChildren(...glyph(verdict.state));
    mark?.setAttribute("class", `glyph ${classOf(verdict.state)}`);
  }

  #x = (index) => (index + 0.5) * this.column;
  #laneY = (number) => DATES + (number + 0.5) * LANE;

  #draw() {
    const { events, streams } = this.story;
    const room = this.scroll.clientWidth;
    this.column = Math.max(NARROWEST, Math.min(WIDEST, Math.floor(room / events.length)));
    this.width = Math.max(this.column * events.length, room);
    this.moneyY = DATES + streams.length * LANE;
    this.proofY = this.moneyY + this.currencies.length * MONEY;
    const height = this.proofY + PROOF;
    this.highlight = svg("rect", { class: "here", y: 0, height, width: this.column, rx: 6 });
    this.later = svg("rect", { class: "later", y: DATES, height: height - DATES });
    this.links = svg("g", { class: "links" });
    const lanes = streams.map((stream, number) => this.#lane(stream, this.#laneY(number)));
    const sums = this.currencies.map((currency, number) => this.#money(currency, this.moneyY + number * MONEY));
    const drawn = svg(
      "svg",
      {
        width: this.width,
        height,
        viewBox: `0 0 ${this.width} ${height}`,
        role: "img",
        "aria-label": "The events, drawn. The list below has the same.",
      },
      this.highlight,
      this.#days(height),
      [...lanes, ...sums].map(({ ground }) => ground),
      this.later,
      this.links,
      [...lanes, ...sums].map(({ marks }) => marks),
      events.map((event, index) => this.#proof(event, index)),
      events.map((event, index) => this.#target(event, index, height)),
    );
    this.drawing.replaceChildren(drawn);
    this.slider.style.width = `${this.column * (events.length - 1) + THUMB}px`;
    this.slider.style.marginLeft = `${this.column / 2 - THUMB / 2}px`;
    if (this.index !== undefined) this.#mark();
  }

  /** Shows where the page is: what comes later is pale, and what led here is tied to it. */
  #mark() {
    if (!this.highlight) return;
    const isLast = this.index === this.story.events.length - 1;
    const right = isLast ? this.width : (this.index + 1) * this.column;
    this.highlight.setAttribute("x", this.index * this.column);
    this.later.setAttribute("x", right);
    this.later.setAttribute("width", Math.max(0, this.width - right));
    for (const mark of this.drawing.querySelectorAll("[data-at]")) {
      mark.classList.toggle("pale", Number(mark.dataset.at) > this.index);
    }
    this.tie();
  }

  /** Draws from the event that this one follows from, and to those that follow from it. */
  tie() {
    const { events, streams } = this.story;
    const [here, place] = [
      events[this.index],
      ({ stream }) => this.#laneY(streams.findIndex(({ id }) => id === stream)),
    ];
    const ties = events.flatMap((event, index) => {
      if (event !== here && event.causation && event.causation === here.id) return [[this.index, index]];
      return here.causation && event.id === here.causation ? [[index, this.index]] : [];
    });
    this.links.replaceChildren(
      ...ties.map(([from, to]) => {
        const [x1, y1, x2, y2] = [this.#x(from), place(events[from]), this.#x(to), place(events[to])];
        const bend = y1 === y2 ? 22 : 0;
        return svg("path", {
          d: `M${x1} ${y1}C${(x1 + x2) / 2} ${y1 - bend} ${(x1 + x2) / 2} ${y2 - bend} ${x2} ${y2}`,
        });
      }),
    );
  }

  #scrollTo(index) {
    const [left, room] = [this.scroll.scrollLeft, this.scroll.clientWidth];
    const x = this.#x(index);
    if (x < left + 60 || x > left + room - 60) this.scroll.scrollLeft = x - room / 2;
  }

  #days(height) {
    const days = [];
    for (const [index, event] of this.story.events.entries()) {
      const name = day(event.occurred_at);
      if (days.at(-1)?.name === name) days.at(-1).columns += 1;
      else days.push({ name, index, columns: 1 });
    }
    return days.map(({ name, index, columns }) => {
      const x = index * this.column;
      const shown = columns * this.column < name.length * LETTER + 8 ? name.replace(/ \d{4}$/, "") : name;
      return [
        index > 0 && svg("line", { class: "day", x1: x, x2: x, y1: 8, y2: height }),
        svg("text", { class: "date", x: x + 6, y: 21 }, shown),
      ];
    });
  }

  #lane(stream, y) {
    const own = this.story.events.flatMap((event, index) => (event.stream === stream.id ? [{ event, index }] : []));
    const spans = this.#spans(stream, own);
    const group = (...drawn) => svg("g", { class: `lane ${stream.kind}` }, drawn);
    return {
      ground: group(
        svg("line", { class: "rail", x1: 0, x2: this.width, y1: y, y2: y }),
        spans.map((span) => this.#ribbon(span, y)),
      ),
      marks: group(
        spans.map((span) => this.#label(span, own, y)),
        own.map(({ event, index }) => svg("g", { "data-at": index }, node(event.actor.kind, this.#x(index), y))),
      ),
    };
  }

  /** How long the stream was called the same: [{says, from, to}], in columns; the last one goes on. */
  #spans(stream, own) {
    const spans = [];
    for (const { event, index } of own) {
      const says = stateInWords(stream, this.story.after[index].get(stream.id), event.type);
      if (spans.at(-1)?.says === says) continue;
      if (spans.length) spans.at(-1).to = index;
      spans.push({ says, from: index, to: null });
    }
    return spans;
  }

  #end = (to) => (to === null ? this.width : this.#x(to));

  #ribbon({ from, to }, y) {
    const [begin, end] = [this.#x(from), this.#end(to)];
    return svg("rect", {
      class: to === null ? "ribbon last" : "ribbon",
      x: begin,
      y: y - 12,
      width: Math.max(0, end - begin),
      height: 24,
    });
  }

  /** What the state is called, in the first gap between the stream's events that has room for it. */
  #label({ says, from, to }, own, y) {
    const within = own.map(({ index }) => index).filter((index) => index >= from && (to === null || index < to));
    const gaps = within.map((index, number) => ({
      index,
      room: this.#end(within[number + 1] ?? to) - this.#x(index) - 24,
    }));
    const widest = gaps.reduce((one, other) => (other.room > one.room ? other : one));
    const { index, room } = gaps.find((gap) => gap.room >= says.length * LETTER) ?? widest;
    const letters = Math.floor(room / LETTER);
    if (letters < Math.min(says.length, 5)) return null;
    const shown = says.length <= letters ? says : `${says.slice(0, letters - 1)}\u2026`;
    return svg("text", { class: "state", "data-at": index, x: this.#x(index) + 13, y: y + 4 }, shown);
  }

  #money(currency, y) {
    const sums = this.story.balances.map((balance) => Number(balance[currency] ?? 0n));
    const [most, least] = [Math.max(0, ...sums), Math.min(0, ...sums)];
    const scale = (sum) => y + 24 + (30 * (most - sum)) / Math.max(1, most - least);
    const moves = this.story.events.flatMap(({ direction, amount }, index) =>
      direction !== "none" && amount?.currency === currency
        ? [{ direction, amount, index, top: scale(sums[index]) }]
        : [],
    );
    const line = moves.reduce((drawn, { index, top }) => `${drawn} H${this.#x(index)} V${top}`, `M0 ${scale(0)}`);
    return {
      ground: svg(
        "g",
        {},
        svg("path", { class: "area", d: `${line} H${this.width} V${scale(0)} Z` }),
        svg("line", { class: "rail", x1: 0, x2: this.width, y1: scale(0), y2: scale(0) }),
        svg("path", { class: "balance", d: `${line} H${this.width}` }),
      ),
      marks: moves.map((move) => this.#move(move)),
    };
  }

  #move({ direction, amount, index, top }) {
    const [x, isIn] = [this.#x(index), direction === "in"];
    const says = `${isIn ? "+" : "\u2212"}${money(amount, { bare: true })}`;
    const isTight = x + 9 + says.length * LETTER > this.width;
    const [beside, anchor] = isTight ? [x - 9, "end"] : [x + 9, "start"];
    return svg(
      "g",
      { "data-at": index },
      svg("path", { class: `move ${direction}`, d: arrow(x, top, isIn ? 1 : -1) }),
      svg("text", { class: "sum", x: beside, y: isIn ? top - 6 : top + 14, "text-anchor": anchor }, says),
    );
  }

  #proof(event, index) {
    const state = this.verdicts.get(event.position)?.state;
    const mark = svg("g", { "data-proof": event.position, class: `glyph ${classOf(state)}` }, glyph(state));
    return svg("g", { "data-at": index, transform: `translate(${this.#x(index)} ${this.proofY + PROOF / 2})` }, mark);
  }

  #target(event, index, height) {
    const says = `${index + 1}. ${typeInWords(event.type)}, ${day(event.occurred_at)} ${clock(event.occurred_at)}`;
    const area = {
      class: "target",
      x: index * this.column,
      y: 0,
      width: this.column,
      height,
      onclick: () => this.go(index),
    };
    return svg("rect", area, svg("title", {}, says));
  }
}

/** By its form, who did it: people are round, operators square, providers diamonds, and what happened by itself is hollow. */
export function node(actor, x, y) {
  switch (actor) {
    case "operator":
      return svg("rect", { class: "node", x: x - 6.5, y: y - 6.5, width: 13, height: 13, rx: 1.5 });
    case "webhook":
      return svg("path", { class: "node", d: `M${x} ${y - 8.5}L${x + 8.5} ${y}L${x} ${y + 8.5}L${x - 8.5} ${y}Z` });
    case "system":
      return svg("circle", { class: "node hollow", cx: x, cy: y, r: 6 });
    default:
      return svg("circle", { class: "node", cx: x, cy: y, r: 7 });
  }
}

const arrow = (x, y, up) => `M${x} ${y - 5 * up}L${x + 5} ${y + 4 * up}L${x - 5} ${y + 4 * up}Z`;

/** What the forms of the drawing mean. */
export function legend() {
  const forms = { user: "a person", operator: "an operator", webhook: "a provider", system: "Lodger itself" };
  const given = { width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" };
  const items = Object.entries(forms).map(([actor, name]) => el("li", {}, svg("svg", given, node(actor, 0, 0)), name));
  return el("ul", { class: "legend", "aria-label": "Who did it" }, items);
}
