// How things are called on the page. Amounts are integers in minor units and stay so.

/** "PaymentCaptured" is "Payment captured". */
export function typeInWords(type) {
  const words = type.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "host_account" is "host account". */
export const inWords = (name) => String(name).replaceAll("_", " ");

/** How many digits a currency has after the point. Browsers have their own idea of it, which is not that of ISO 4217. */
const DIGITS = JSON.parse(document.body.dataset.digits);

/** {minor: -12950, currency: "USD"} is "−129.50 USD". */
export function money({ minor, currency }, { signed = false, bare = false } = {}) {
  const amount = BigInt(minor);
  const digits = DIGITS[currency];
  const text = String(amount < 0n ? -amount : amount).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, "\u2009");
  const sign = amount < 0n ? "\u2212" : signed && amount > 0n ? "+" : "";
  return `${sign}${whole}${digits ? `.${text.slice(-digits)}` : ""}${bare ? "" : ` ${currency}`}`;
}

/** {USD: 12950n, UGX: 5000n} as people write it. */
export const sums = (found) =>
  Object.entries(found)
    .map(([currency, minor]) => money({ minor, currency }))
    .join(", ") || "nothing";

export const isMoney = (value) =>
  value !== null &&
  typeof value === "object" &&
  Object.keys(value).length === 2 &&
  "minor" in value &&
  "currency" in value;

const DAY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export const day = (instant) => DAY.format(new Date(instant));
export const moment = (instant) => `${day(instant)}, ${TIME.format(new Date(instant))} UTC`;
export const clock = (instant) => TIME.format(new Date(instant));

export const short = (id) =>
  String(id).length > 13 ? `${String(id).slice(0, 8)}\u2026${String(id).slice(-4)}` : String(id);

const ACTORS = { system: "Lodger", webhook: "provider" };

/** What a field or key is called: ids are keys too. */
export const label = (name) => (/^[0-9a-f-]{36}$/.test(name) ? short(name) : inWords(name));

/** Who did it, in few words. `people` are those of the booking: {id: "guest"}. */
export function actorInWords({ kind, id }, people = {}) {
  if (kind === "user") return `${people[id] ?? "user"} ${short(id)}`;
  return kind === id ? kind : `${ACTORS[kind] ?? inWords(kind)} ${short(id)}`;
}
