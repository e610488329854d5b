// JSON as people read it: amounts as amounts, ids short, instants as dates.
import { el } from "./dom.js";
import { day, inWords, isMoney, label, moment, money, short } from "./words.js";

const isTree = (thing) => thing !== null && typeof thing === "object" && !isMoney(thing);

const isNothing = (thing) =>
  thing === null ||
  thing === undefined ||
  thing === "" ||
  (typeof thing === "object" && Object.keys(thing).length === 0);

/** One value. Where there was none, that is said. */
export function value(thing) {
  if (thing === undefined || thing === null) return el("span", { class: "none" }, "none");
  if (isMoney(thing)) return el("span", { class: "amount" }, money(thing));
  if (Array.isArray(thing)) return list(thing);
  if (typeof thing === "boolean") return thing ? "yes" : "no";
  if (/^[0-9a-f-]{36}$/.test(thing)) return el("code", { title: thing }, short(thing));
  if (/^\d{4}-\d{2}-\d{2}T.*Z$/.test(thing)) return moment(thing);
  if (/^\d{4}-\d{2}-\d{2}$/.test(thing)) return el("span", { class: "date-of" }, day(thing));
  return /^[a-z]+(_[a-z]+)+$/.test(thing) ? inWords(thing) : String(thing);
}

function list(items, sealed, path) {
  const counted = `${items.length} ${items.length === 1 ? "item" : "items"}`;
  if (!items.length) return counted;
  return el("details", { class: "many" }, el("summary", {}, counted), tree(items, sealed, path));
}

/** All of it, as lists of names and values. `sealed` are the paths (with dots) of what is encrypted. */
export function tree(thing, sealed = [], path = []) {
  const shown = Object.entries(thing).filter(([, each]) => !isNothing(each));
  if (!shown.length) return el("p", { class: "hint" }, "Nothing.");
  const rows = shown.map(([name, each]) => {
    const here = [...path, name];
    const called = Array.isArray(thing) ? `${Number(name) + 1}.` : label(name);
    const is = sealed.includes(here.join(".")) ? SEALED() : within(each, sealed, here);
    return el("div", { class: isTree(each) ? "branch" : "leaf" }, el("dt", {}, called), el("dd", {}, is));
  });
  return el("dl", { class: "tree" }, rows);
}

const SEALED = () => el("span", { class: "none" }, "encrypted; auditors have no keys");

function within(each, sealed, path) {
  if (!isTree(each)) return value(each);
  return Array.isArray(each) ? list(each, sealed, path) : tree(each, sealed, path);
}

/** A change of something whole as those of its parts, so that first events are readable too. */
export function parts({ path, before, after }) {
  const [was, is] = [before ?? null, after ?? null];
  const hasParts = [was, is].every((side) => side === null || (isTree(side) && !Array.isArray(side)));
  if (!hasParts || (was === null && is === null))
    return isNothing(was) && isNothing(is) ? [] : [{ path, before, after }];
  const names = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])];
  return names.flatMap((name) => parts({ path: `${path}/${escaped(name)}`, before: was?.[name], after: is?.[name] }));
}

const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** The names that a JSON Pointer goes through. */
export const names = (path) =>
  path
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

/** Where something is: what it is called, behind what it is a part of. */
export function place(path) {
  const way = names(path).map(label);
  const last = way.pop() ?? "all of it";
  return [way.length ? el("span", { class: "hint" }, `${way.join(" \u203a ")} \u203a `) : null, last];
}
