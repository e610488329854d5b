// The schema, to be read: its types, what they have, and what leads where.

const AROUND = { NON_NULL: ["", "!"], LIST: ["[", "]"] };

export async function browse(region, find) {
  let types;
  try {
    const answer = await fetch("/graphql/schema.json");
    const schema = (await answer.json()).__schema;
    types = new Map(schema.types.filter((type) => !type.name.startsWith("__")).map((type) => [type.name, type]));
    types.roots = [schema.queryType, schema.mutationType].filter(Boolean).map((type) => type.name);
  } catch {
    region.textContent = "The schema could not be loaded.";
    return;
  }
  const open = (name) => {
    find.value = "";
    region.replaceChildren(...page(types.get(name), open, overview));
    region.scrollTop = 0;
    region.focus();
  };
  const overview = () => region.replaceChildren(...contents(types, open));
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    if (wanted) region.replaceChildren(...found(types, wanted, open));
    else overview();
  });
  overview();
}

function contents(types, open) {
  const others = [...types.keys()].filter((name) => !types.roots.includes(name)).sort();
  return [
    text("h3", "Begin here"),
    list(types.roots.map((name) => [link(name, open)])),
    text("h3", "All types"),
    list(others.map((name) => [link(name, open)])),
  ];
}

function found(types, wanted, open) {
  const fits = (name) => name.toLowerCase().includes(wanted);
  const hits = [];
  for (const type of types.values()) {
    if (fits(type.name)) hits.push([link(type.name, open)]);
    for (const field of members(type)) {
      if (fits(field.name)) hits.push([link(type.name, open), `.${field.name}`]);
    }
  }
  return hits.length ? [list(hits.slice(0, 100))] : [text("p", "Nothing has such a name.")];
}

function page(type, open, back) {
  const shown = [button("All types", back), text("h3", `${type.kind.toLowerCase().replace("_", " ")} ${type.name}`)];
  if (type.description) shown.push(about(type.description));
  for (const field of members(type)) {
    const line = document.createElement("div");
    const code = document.createElement("code");
    code.append(field.name, ...signature(field, open));
    line.append(code);
    if (field.isDeprecated) line.append(" (deprecated)");
    shown.push(line);
    if (field.description) shown.push(about(field.description));
  }
  if (type.possibleTypes?.length) {
    shown.push(text("h3", "One of"), list(type.possibleTypes.map((each) => [link(each.name, open)])));
  }
  return shown;
}

function members(type) {
  return type.fields ?? type.inputFields ?? type.enumValues ?? [];
}

function signature(field, open) {
  if (!field.type) return [];
  const args = (field.args ?? []).flatMap((each, index) => [
    index ? ", " : "(",
    `${each.name}: `,
    ...reference(each.type, open),
    each.defaultValue === null ? "" : ` = ${each.defaultValue}`,
  ]);
  return [...args, args.length ? "): " : ": ", ...reference(field.type, open)];
}

function reference(type, open) {
  if (!(type.kind in AROUND)) return [link(type.name, open)];
  const [before, after] = AROUND[type.kind];
  return [before, ...reference(type.ofType, open), after];
}

function link(name, open) {
  const shown = button(name, () => open(name));
  shown.className = "type";
  return shown;
}

function button(label, press) {
  const shown = text("button", label);
  shown.type = "button";
  shown.addEventListener("click", press);
  return shown;
}

function about(description) {
  const shown = text("p", description);
  shown.className = "about";
  return shown;
}

function list(rows) {
  const shown = document.createElement("ul");
  for (const row of rows) {
    const item = document.createElement("li");
    item.append(...row);
    shown.append(item);
  }
  return shown;
}

function text(tag, content) {
  const shown = document.createElement(tag);
  shown.textContent = content;
  return shown;
}
