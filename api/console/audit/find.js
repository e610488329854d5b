// Finding a booking: by its id, by that of a payment, a person or a stream, or by what happened.
import { get, query, Refused } from "./api.js";
import { at, el, jump, table } from "./dom.js";
import { by } from "./list.js";
import { moment, short, typeInWords } from "./words.js";

const PAGE = 50;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BY_ID = ["booking", "payment", "user", "stream"];

/** Calls `open(bookingId, position)` for what is chosen, and `trouble(refused)` for what Lodger refuses. */
export function listen(open, trouble) {
  at("find").addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble(null);
    try {
      const wanted = at("wanted").value.trim();
      if (!wanted) return await search(filters(), open);
      if (!ID.test(wanted))
        throw new Refused(0, { detail: "An id has 36 letters and digits. Leave it empty to search by what happened." });
      await byId(wanted, open);
    } catch (refused) {
      trouble(refused);
    }
  });
  at("filters").addEventListener("toggle", nameTypes, { once: true });
}

const filters = () => ({
  type: at("type").value.trim(),
  actor: at("actor").value.trim(),
  actor_kind: at("actor-kind").value,
  from: inUtc(at("from").value),
  to: inUtc(at("to").value),
});

/** A field's date and time, as an instant. Empty when it is. */
export const inUtc = (local) => local && `${local.length === 16 ? `${local}:00` : local}Z`;

/** What an id is of, nobody has to say. */
async function byId(id, open) {
  for (const name of BY_ID) {
    const answer = await get(`/v1/audit/events${query({ [name]: id, order: "oldest", limit: PAGE })}`);
    if (!answer.events.length) continue;
    const bookings = new Set(answer.events.map(({ booking }) => booking));
    if (name === "booking") return open(id);
    if (bookings.size === 1 && !bookings.has(null) && !answer.next_cursor) return open([...bookings][0]);
    return show(answer, { [name]: id, order: "oldest" }, open);
  }
  at("found").replaceChildren(el("p", { class: "hint" }, "Nothing in the log is about this id."));
}

/** The newest events, for who has nothing to look for yet. */
export const newest = (open) => search({}, open);

async function search(asked, open) {
  show(await get(`/v1/audit/events${query({ ...asked, limit: PAGE })}`), asked, open);
}

function show(answer, asked, open) {
  if (!answer.events.length) {
    at("found").replaceChildren(el("p", { class: "hint" }, "Nothing in the log is like that."));
    return;
  }
  const rows = el(
    "tbody",
    {},
    answer.events.map((event) => row(event, open)),
  );
  const caption = `${title(asked)} The log was looked at up to position ${answer.position}.`;
  const heads = ["Position", "Recorded", "Event", "By", "Booking"];
  const shown = table({ class: "events found", caption, heads, rows });
  at("found").replaceChildren(el("div", { class: "card wide" }, shown, more(answer.next_cursor, asked, rows, open)));
}

/** The button for what comes after the rows that are there. */
function more(cursor, asked, rows, open) {
  let next = cursor;
  const button = el("button", { type: "button", hidden: !next }, "More");
  button.addEventListener("click", async () => {
    const page = await get(`/v1/audit/events${query({ ...asked, limit: PAGE, cursor: next })}`);
    rows.append(...page.events.map((event) => row(event, open)));
    next = page.next_cursor;
    button.hidden = !next;
  });
  return button;
}

const title = (asked) => (Object.values(asked).some(Boolean) ? "What was found." : "The newest events.");

function row(event, open) {
  const { booking, position } = event;
  const given = { class: "link mono", title: booking };
  return el(
    "tr",
    {},
    el("td", { class: "number" }, String(position)),
    el("td", {}, moment(event.recorded_at)),
    el("td", {}, typeInWords(event.type)),
    by(event.actor),
    el("td", {}, booking ? jump(short(booking), () => open(booking, position), given) : "\u2014"),
  );
}

/** The types of events, as the API's description has them. */
async function nameTypes() {
  const { paths } = await get("/openapi.json").catch(() => ({ paths: {} }));
  const asked = paths["/v1/audit/events"]?.get.parameters ?? [];
  const types = asked.find(({ name }) => name === "type")?.schema.enum ?? [];
  at("types").replaceChildren(...types.map((value) => el("option", { value })));
}
