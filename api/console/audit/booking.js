// One booking: its drawing, the step that is looked at, and the list of everything.
import { bundleForm } from "./bundle.js";
import { announce, el, svg } from "./dom.js";
import { detail, sign } from "./detail.js";
import { get, query } from "./api.js";
import { inUtc } from "./find.js";
import { Lanes, node } from "./lanes.js";
import { read, stateInWords } from "./story.js";
import { missingVersions, PROVEN, UNCOVERED, UNKNOWN, verifyAll, WRONG } from "./verifier.js";
import { actorInWords, day, clock, money, moment, short, typeInWords } from "./words.js";

export class BookingView {
  constructor(place, timeline, newest, { trouble, moved }) {
    this.story = read(timeline);
    this.newest = newest;
    this.trouble = trouble;
    this.moved = moved;
    this.verdicts = new Map();
    this.index = 0;
    this.ended = new AbortController();
    this.#build(place);
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.ended.signal });
  }

  close() {
    this.ended.abort();
  }

  /** Goes to the last event that is not behind a position. */
  goTo(position) {
    const index = this.story.events.findLastIndex((event) => event.position <= position);
    this.go(Math.max(0, index));
  }

  go(index) {
    this.index = Math.min(Math.max(0, index), this.story.events.length - 1);
    const event = this.story.events[this.index];
    this.lanes.point(this.index);
    this.#show();
    for (const row of this.list.children) row.classList.toggle("current", row === this.list.children[this.index]);
    this.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.list.children[this.index].querySelector("button").setAttribute("aria-current", "step");
    this.back.disabled = this.index === 0;
    this.on.disabled = this.index === this.story.events.length - 1;
    announce(
      `Event ${this.index + 1} of ${this.story.events.length}: ${typeInWords(event.type)}. ${this.#verdict(event)}`,
    );
    this.moved(this.story.id, event.position);
  }

  /** Verifies every event, the one that is looked at first. */
  async verify() {
    const { events } = this.story;
    const order = [events[this.index], ...events.filter((_, index) => index !== this.index)];
    await verifyAll(order, this.newest, (event, verdict) => {
      this.verdicts.set(event.position, verdict);
      event.id = verdict.record && JSON.parse(verdict.record.meta).event_id;
      this.lanes.judge(event, verdict);
      this.list.children[events.indexOf(event)].lastElementChild.replaceChildren(sign(verdict.state));
      if (event === events[this.index]) this.#show();
      this.#sum();
    });
    this.#show(); // causes are known by now
    this.lanes.tie();
    announce(this.summary.textContent);
  }

  #verdict = (event) => {
    const verdict = this.verdicts.get(event.position);
    return verdict ? `Its proof: ${verdict.state}.` : "";
  };

  #show() {
    const verdict = this.verdicts.get(this.story.events[this.index].position);
    const open = [...this.panel.querySelectorAll("details.record[open]")].length > 0;
    this.panel.replaceChildren(detail(this.story, this.index, verdict, this.newest, (position) => this.goTo(position)));
    if (open) this.panel.querySelector("details.record")?.setAttribute("open", "");
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const isTyping = event.target.closest?.("input, textarea, select, pre, .lane-scroll, .wide");
    if (!step || isTyping || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.go(this.index + step);
  }

  #build(place) {
    const { events } = this.story;
    const drawn = el("div", { class: "lanes" });
    this.lanes = new Lanes(drawn, this.story, (index) => this.go(index));
    this.panel = el("div", { class: "panel" });
    this.summary = el("p", { class: "summary" });
    this.list = el(
      "tbody",
      {},
      events.map((event, index) => this.#row(event, index)),
    );
    this.back = el(
      "button",
      { type: "button", "aria-label": "Earlier event", onclick: () => this.go(this.index - 1) },
      "\u2190",
    );
    this.on = el(
      "button",
      { type: "button", "aria-label": "Later event", onclick: () => this.go(this.index + 1) },
      "\u2192",
    );
    place.replaceChildren(
      this.#head(),
      el(
        "section",
        { class: "card drawn", "aria-label": "Timeline" },
        drawn,
        el(
          "div",
          { class: "under" },
          el("div", { class: "stepping" }, this.back, this.on, el("span", { class: "hint" }, "Arrow keys step too.")),
          this.#jump(),
          legend(),
        ),
      ),
      this.panel,
      this.#all(),
    );
    this.#sum();
  }

  #head() {
    const { story } = this;
    const booking = story.streams.find(({ kind }) => kind === "booking");
    const state = story.after.at(-1).get(booking.id);
    const sums = Object.entries(story.balances.at(-1));
    const [moved, over] = [this.#moved(), sums.map(([currency, minor]) => money({ minor, currency })).join(", ")];
    return el(
      "header",
      { class: "head" },
      el(
        "div",
        {},
        el("p", { class: "eyebrow" }, "Booking"),
        el("h1", { id: "booking-title", tabindex: -1 }, el("code", {}, story.id)),
        this.summary,
      ),
      el(
        "dl",
        { class: "figures" },
        figure("State", stateInWords(booking, state, "")),
        figure("Came in", moved.in || "nothing"),
        figure("Went out", moved.out || "nothing"),
        figure("Balance", over || "nothing"),
      ),
      bundleForm(story.events, this.trouble),
    );
  }

  #moved() {
    const sums = { in: {}, out: {} };
    for (const { direction, amount } of this.story.events) {
      if (!amount || direction === "none") continue;
      sums[direction][amount.currency] = (sums[direction][amount.currency] ?? 0n) + BigInt(amount.minor);
    }
    const told = (found) =>
      Object.entries(found)
        .map(([currency, minor]) => money({ minor, currency }))
        .join(", ");
    return { in: told(sums.in), out: told(sums.out) };
  }

  #sum() {
    const states = this.story.events.map(({ position }) => this.verdicts.get(position)?.state);
    const count = (state) => states.filter((each) => each === state).length;
    const missing = missingVersions(this.story.events);
    const said = [sign(count(PROVEN) ? PROVEN : UNKNOWN, `${count(PROVEN)} of ${states.length} events proven`)];
    const first = this.story.events[states.indexOf(WRONG)];
    if (first) {
      const go = el(
        "button",
        { type: "button", class: "link", onclick: () => this.goTo(first.position) },
        `position ${first.position}`,
      );
      said.unshift(el("span", {}, sign(WRONG, `${count(WRONG)} wrong:`), " ", go));
    }
    if (missing.length)
      said.unshift(
        sign(WRONG, `version ${missing[0].version} of the ${missing[0].kind} ${short(missing[0].stream)} is missing`),
      );
    if (count(UNCOVERED)) said.push(sign(UNCOVERED, `${count(UNCOVERED)} not covered yet`));
    if (count(UNKNOWN)) said.push(sign(UNKNOWN, `${count(UNKNOWN)} not checked`));
    if (count(undefined)) said.push(el("span", { class: "hint" }, `${count(undefined)} being verified \u2026`));
    this.summary.replaceChildren(...said);
  }

  #jump() {
    const field = el("input", { type: "datetime-local", id: "jump", step: 1, required: true });
    const form = el(
      "form",
      { class: "jump" },
      el("label", { for: "jump" }, "Recorded by (UTC)"),
      field,
      el("button", { type: "submit" }, "Go"),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.trouble(null);
      try {
        const { position } = await get(
          `/v1/audit/bookings/${this.story.id}/timeline${query({ at: inUtc(field.value) })}`,
        );
        this.goTo(position);
      } catch (refused) {
        this.trouble(refused);
      }
    });
    return form;
  }

  #all() {
    const head = el(
      "tr",
      {},
      ["Position", "Happened", "Event", "By", "In", "Out", "Proof"].map((name) =>
        el("th", { scope: "col", class: name === "In" || name === "Out" ? "number" : null }, name),
      ),
    );
    return el(
      "section",
      { class: "card wide", "aria-labelledby": "all-title" },
      el("h2", { id: "all-title" }, "Everything in order"),
      el("table", { class: "events" }, el("thead", {}, head), this.list),
    );
  }

  #row(event, index) {
    const sum = (direction) => (event.direction === direction ? money(event.amount) : "");
    return el(
      "tr",
      { onclick: () => this.go(index) },
      el("td", { class: "number" }, String(event.position)),
      el("td", {}, `${day(event.occurred_at)} ${clock(event.occurred_at)}`),
      el(
        "td",
        {},
        el("button", { type: "button", class: "link" }, typeInWords(event.type)),
        el("span", { class: `tag ${event.kind}` }, this.story.streams.find(({ id }) => id === event.stream).name),
      ),
      el(
        "td",
        { title: event.actor.id },
        actorInWords(event.actor, this.story.people),
        event.actor.reason ? el("q", {}, event.actor.reason) : null,
      ),
      el("td", { class: "number in" }, sum("in")),
      el("td", { class: "number out" }, sum("out")),
      el("td", {}, el("span", { class: "hint" }, "\u2026")),
    );
  }
}

const figure = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function legend() {
  const forms = [
    ["user", "a person"],
    ["operator", "an operator"],
    ["webhook", "a provider"],
    ["system", "Lodger itself"],
  ];
  return el(
    "ul",
    { class: "legend", "aria-label": "Who did it" },
    forms.map(([actor, name]) =>
      el(
        "li",
        {},
        svg(
          "svg",
          { width: 18, height: 18, viewBox: "-9 -9 18 18", class: "lane", "aria-hidden": "true" },
          node(actor, 0, 0),
        ),
        name,
      ),
    ),
  );
}
