// Elements, made and never written as text: whatever an event says stays what somebody said.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

export const el = (name, given, ...children) => filled(document.createElement(name), given, children);

export const svg = (name, given, ...children) => filled(document.createElementNS(SVG, name), given, children);

/** `on…` listens, true is an attribute without a value, false and null are none; children may be nested, or missing. */
function filled(element, given, children) {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  const there = (child) => child !== null && child !== undefined && child !== false;
  element.append(...children.flat(Infinity).filter(there));
  return element;
}

/** A button that reads as a link: it goes somewhere on this page. */
export const jump = (says, go, given) => el("button", { type: "button", class: "link", onclick: go, ...given }, says);

/** A table with a head. `rows` are its rows, or the body that holds them. */
export function table({ caption, heads, rows, ...given }) {
  const body = Array.isArray(rows) ? el("tbody", {}, rows) : rows;
  const isNumber = (name) => /^(In|Out|Debit|Credit|Position)$/.test(name);
  const cells = heads.map((name) => el("th", { scope: "col", class: isNumber(name) && "number" }, name));
  return el("table", given, caption && el("caption", {}, caption), el("thead", {}, el("tr", {}, cells)), body);
}

/** Tells who does not see the page what has changed on it. */
export function announce(text) {
  at("said").textContent = text;
}
