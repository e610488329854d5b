// The page at /graphql: runs what is written, and remembers it in this browser.
import { browse } from "/graphql/schema_browser.js";

const HISTORY = "lodger.graphql.history";
const KEPT = 30;
const EXAMPLE = `# What may be asked is on the right.
query Hello {
  __typename
}
`;

const at = (id) => document.getElementById(id);
const fields = { query: at("query"), variables: at("variables"), headers: at("headers") };

class Unreadable extends Error {}

function object(field, name) {
  const text = field.value.trim();
  if (!text) return {};
  try {
    const value = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  } catch (error) {
    field.focus();
    throw new Unreadable(`${name} are not JSON: ${error.message}`);
  }
  field.focus();
  throw new Unreadable(`${name} are a JSON object.`);
}

async function run() {
  at("status").textContent = "Running …";
  try {
    const sent = { query: fields.query.value, variables: object(fields.variables, "Variables") };
    const headers = { ...object(fields.headers, "Headers"), "Content-Type": "application/json" };
    remember({ query: fields.query.value, variables: fields.variables.value });
    const began = performance.now();
    const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(sent) });
    const text = await answer.text();
    const took = Math.round(performance.now() - began);
    at("result").textContent = pretty(text);
    at("status").textContent = `${answer.status} in ${took} ms`;
  } catch (error) {
    at("status").textContent = error instanceof Unreadable ? error.message : `Nothing came back: ${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function past() {
  try {
    const kept = JSON.parse(localStorage.getItem(HISTORY));
    return Array.isArray(kept) ? kept.filter((each) => typeof each?.query === "string") : [];
  } catch {
    return [];
  }
}

function keep(entries) {
  try {
    localStorage.setItem(HISTORY, JSON.stringify(entries));
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
  showHistory();
}

function remember(entry) {
  const others = past().filter((each) => each.query !== entry.query || each.variables !== entry.variables);
  keep([entry, ...others].slice(0, KEPT));
}

function showHistory() {
  at("history").replaceChildren(
    ...past().map((entry) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = entry.query.replace(/#.*/g, "").replace(/\s+/g, " ").trim() || "(empty)";
      button.addEventListener("click", () => {
        fields.query.value = entry.query;
        fields.variables.value = entry.variables ?? "";
        fields.query.focus();
      });
      item.append(button);
      return item;
    }),
  );
}

at("run").addEventListener("click", run);
at("forget").addEventListener("click", () => keep([]));
for (const field of Object.values(fields)) {
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    }
  });
}

fields.query.value = past()[0]?.query ?? EXAMPLE;
fields.variables.value = past()[0]?.variables ?? "";
showHistory();
browse(at("docs"), at("find"));
