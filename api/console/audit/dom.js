// Elements, made and never written as text: whatever an event says stays what somebody said.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

export const el = (name, given, ...children) => filled(document.createElement(name), given, children);

export const svg = (name, given, ...children) => filled(document.createElementNS(SVG, name), given, children);

/** `on…` listens, true is an attribute without a value, false and null are none. */
function filled(element, given, children) {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Tells who does not see the page what has changed on it. */
export function announce(text) {
  at("said").textContent = text;
}
