// The stretch of the log that a booking's events lie in, as a bundle that verifies without this page.
import { file, query } from "./api.js";
import { announce, el } from "./dom.js";

export function bundleForm(events, trouble) {
  const [first, last] = [events[0].position, events.at(-1).position];
  const from = el("input", { type: "number", id: "bundle-from", min: 1, required: true, value: first });
  const to = el("input", { type: "number", id: "bundle-to", min: 1, required: true, value: last });
  const button = el("button", { type: "submit", class: "strong" }, "Download");
  const form = el(
    "form",
    { class: "bundle-form" },
    el("label", { for: "bundle-from" }, "From position"),
    from,
    el("label", { for: "bundle-to" }, "to position"),
    to,
    button,
    el(
      "p",
      { class: "hint" },
      "Everything of the log from the one to the other, with checkpoints, keys and proofs. Check it anywhere: ",
      el("code", {}, "./run lodger audit verify --bundle FILE"),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble(null);
    button.disabled = true;
    try {
      save(await file(`/v1/audit/bundle${query({ from: from.value, to: to.value })}`));
      announce("The bundle was downloaded.");
    } catch (refused) {
      trouble(refused);
    } finally {
      button.disabled = false;
    }
  });
  return el("details", { class: "bundle" }, el("summary", {}, "Download as a bundle"), form);
}

function save({ name, content }) {
  const address = URL.createObjectURL(content);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
