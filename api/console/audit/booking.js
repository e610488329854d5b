// One booking: its drawing, the step that is looked at, and the list of everything.
import { get, query } from "./api.js";
import { bundleForm } from "./bundle.js";
import { detail } from "./detail.js";
import { announce, el } from "./dom.js";
import { inUtc } from "./find.js";
import { Lanes, legend } from "./lanes.js";
import { List } from "./list.js";
import { read, stateInWords } from "./story.js";
import { summary } from "./summary.js";
import { verifyAll } from "./verifier.js";
import { sums, typeInWords } from "./words.js";

export class BookingView {
  /** `trouble(refused)` says what Lodger refuses, `moved(position)` is told of each step. */
  constructor(place, timeline, newest, { trouble, moved }) {
    this.story = read(timeline);
    this.newest = newest;
    this.trouble = trouble;
    this.moved = moved;
    this.verdicts = new Map();
    this.index = 0;
    this.ended = new AbortController();
    this.lanes = new Lanes(this.story, (index) => this.go(index));
    this.list = new List(this.story, (index) => this.go(index));
    this.panel = el("div", {});
    this.summary = el("p", { class: "summary" });
    this.earlier = this.#stepper("Earlier event", "\u2190", -1);
    this.later = this.#stepper("Later event", "\u2192", 1);
    place.replaceChildren(this.#head(), this.#drawn(), this.panel, this.list.shown);
    this.#sum();
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.ended.signal });
  }

  close() {
    this.ended.abort();
  }

  /** Goes to the last event that is not behind a position; to the first where all are. */
  goTo(position) {
    this.go(this.story.events.findLastIndex((event) => event.position <= position));
  }

  go(index) {
    const { events } = this.story;
    this.index = Math.min(Math.max(0, index), events.length - 1);
    this.earlier.disabled = this.index === 0;
    this.later.disabled = this.index === events.length - 1;
    this.lanes.point(this.index);
    this.list.point(this.index);
    this.#show();
    const { type, position } = events[this.index];
    const verdict = this.verdicts.get(position);
    const proof = verdict ? ` Its proof: ${verdict.state}.` : "";
    announce(`Event ${this.index + 1} of ${events.length}: ${typeInWords(type)}.${proof}`);
    this.moved(position);
  }

  /** Verifies every event, the one that is looked at first. */
  async verify() {
    const { events } = this.story;
    const order = [events[this.index], ...events.filter((_, index) => index !== this.index)];
    await verifyAll(order, this.newest, this.ended.signal, (event, verdict) => {
      this.verdicts.set(event.position, verdict);
      event.id = verdict.record && JSON.parse(verdict.record.meta).event_id;
      this.lanes.judge(event, verdict);
      this.list.judge(event, verdict);
      if (event === events[this.index]) this.#show();
      this.#sum();
    });
    this.#show(); // what caused what is known by now
    this.lanes.tie();
    announce(this.summary.textContent);
  }

  #sum() {
    this.summary.replaceChildren(...summary(this.story.events, this.verdicts, (position) => this.goTo(position)));
  }

  #show() {
    const { panel, story, index, newest } = this;
    const isOpen = panel.querySelector("details.record")?.open;
    const isIn = panel.contains(document.activeElement);
    const verdict = this.verdicts.get(story.events[index].position);
    panel.replaceChildren(detail(story, index, verdict, newest, (position) => this.goTo(position)));
    if (isOpen) panel.querySelector("details.record")?.setAttribute("open", "");
    if (isIn) panel.querySelector("#event-title").focus();
  }

  /** The slider has the keys too; elsewhere they step unless something else wants them. */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const isTaken = event.target.closest?.("input, textarea, select, pre, .wide");
    if (!step || isTaken || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.go(this.index + step);
  }

  #stepper(name, says, step) {
    return el("button", { type: "button", "aria-label": name, onclick: () => this.go(this.index + step) }, says);
  }

  #head() {
    const { id, streams, after, moved, events } = this.story;
    const stream = streams.find((each) => each.id === id);
    const figures = [
      ["State", stateInWords(stream, after.at(-1).get(id))],
      ["Came in", sums(moved.in)],
      ["Went out", sums(moved.out)],
      ["Balance", sums(this.story.balances.at(-1))],
    ];
    const title = el("h1", { id: "booking-title", tabindex: -1 }, el("code", {}, id));
    return el(
      "header",
      { class: "head" },
      el("div", {}, el("p", { class: "eyebrow" }, "Booking"), title, this.summary),
      el(
        "dl",
        { class: "figures" },
        figures.map(([name, is]) => el("div", {}, el("dt", {}, name), el("dd", {}, is))),
      ),
      bundleForm(events, this.trouble),
    );
  }

  #drawn() {
    const hint = el("span", { class: "hint" }, "Arrow keys step too.");
    return el(
      "section",
      { class: "card drawn", "aria-label": "Timeline" },
      this.lanes.shown,
      el(
        "div",
        { class: "under" },
        el("div", { class: "stepping" }, this.earlier, this.later, hint),
        this.#asOf(),
        legend(),
      ),
    );
  }

  /** Which event was the last at an instant, only Lodger knows: the log's order is not that of its times. */
  #asOf() {
    const field = el("input", { type: "datetime-local", id: "as-of", step: 1, required: true });
    const label = el("label", { for: "as-of" }, "As of (UTC)");
    const form = el("form", { class: "as-of" }, label, field, el("button", { type: "submit" }, "Go"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.trouble(null);
      try {
        const asked = query({ at: inUtc(field.value) });
        this.goTo((await get(`/v1/audit/bookings/${this.story.id}/timeline${asked}`)).position);
      } catch (refused) {
        this.trouble(refused);
      }
    });
    return form;
  }
}
