// The page at /console/audit: who looks, at which booking, at which of its events. The address says the last two.
import { get, query, Refused } from "./api.js";
import { BookingView } from "./booking.js";
import { at, el } from "./dom.js";
import * as find from "./find.js";
import { sign } from "./signs.js";
import * as session from "./session.js";
import { newestCheckpoint, PROVEN } from "./verifier.js";
import { moment } from "./words.js";

let view = null;

/** Says what Lodger refused; nothing when that is null. Whatever else was thrown is a mistake of this page. */
function trouble(error) {
  at("trouble").hidden = error === null;
  if (error === null) return;
  if (!(error instanceof Refused)) console.error(error);
  if (error.code === "session-invalid" || error.code === "token-required") session.ask();
  at("trouble").textContent = error.code === "role-missing" ? "This account is not an auditor's." : error.message;
}

const asked = () => new URLSearchParams(location.search);

async function begin() {
  at("find-view").hidden = false;
  await showAsked();
}

/** The booking that the address names, or none. */
async function showAsked() {
  const id = asked().get("booking");
  if (id) await load(id, Number(asked().get("at")) || null);
  else {
    view?.close();
    view = null;
    at("booking-view").hidden = true;
    at("wanted").focus();
    await Promise.all([showSeal(), find.newest(open)]);
  }
}

async function open(id, position = null) {
  history.pushState(null, "", query({ booking: id, at: position }));
  await load(id, position);
}

async function load(id, position) {
  trouble(null);
  at("found").replaceChildren();
  at("wanted").value = id;
  try {
    const [timeline, newest] = await Promise.all([
      get(`/v1/audit/bookings/${encodeURIComponent(id)}/timeline`),
      showSeal(),
    ]);
    view?.close();
    view = new BookingView(at("booking-view"), timeline, newest, {
      trouble,
      moved: (position) => moved(id, position),
    });
    view.goTo(position ?? timeline.events.at(-1).position);
    at("booking-view").hidden = false;
    at("booking-title").focus();
    await view.verify();
  } catch (refused) {
    at("booking-view").hidden = true;
    trouble(refused);
  }
}

/** Stepping is no new page: the address follows, and going back leaves the booking. */
function moved(id, position) {
  history.replaceState(null, "", query({ booking: id, at: position }));
}

async function showSeal() {
  const newest = await newestCheckpoint();
  const { checkpoint } = newest;
  const says = checkpoint ? `Checkpoint of ${checkpoint.size} events, ${moment(checkpoint.time)}` : "No checkpoint";
  at("seal").replaceChildren(
    sign(newest.state, says),
    el("span", { class: newest.state === PROVEN ? "hint" : "amiss" }, newest.says),
    checkpoint
      ? el(
          "a",
          { href: "/v1/log/checkpoints/latest", download: `${checkpoint.size}.checkpoint` },
          "Keep this checkpoint",
        )
      : "",
  );
  return newest;
}

session.listen(begin, trouble);
find.listen(open, trouble);
addEventListener("popstate", () => showAsked().catch(trouble));
session.enter(begin).catch(trouble);
