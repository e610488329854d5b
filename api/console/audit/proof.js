// What is proven is proven here, in the browser: the server is asked for hashes and never believed.
// The tree is that of RFC 6962, checkpoints are C2SP's, and docs/auditors.md says what a leaf is.

const FIELDS = [
  "position",
  "partition_key",
  "stream_id",
  "version",
  "type",
  "schema_version",
  "recorded_at",
  "data",
  "meta",
];
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const ED25519 = 1;
const DASH = "\u2014 ";

const encoder = new TextEncoder();

/** What the server said is not even of the form that it must have. */
export class Malformed extends Error {}

/** Hashing and signatures are for pages that nobody on the way can change. */
export const isPossible = () => globalThis.isSecureContext === true && crypto?.subtle !== undefined;

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/** Throws Malformed. */
export function unbase64(text) {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Malformed("Something in it is no base64.");
  }
}

/** 32 bytes. Throws Malformed. */
export function hash(text) {
  const bytes = unbase64(text);
  if (bytes.length !== 32) throw new Malformed("Something in it is no SHA-256.");
  return bytes;
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const same = (one, other) => hex(one) === hex(other);

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

const nodeHash = (left, right) => sha256(NODE, left, right);

/** Of an event's record: each field as its length in four bytes, big-endian, and its UTF-8. */
export function leafHash(record) {
  const parts = FIELDS.flatMap((name) => {
    const bytes = encoder.encode(String(record[name]));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [length, bytes];
  });
  return sha256(LEAF, ...parts);
}

/** The way from a leaf up: at each step the hash beside it, on which side that is, and what both make. */
export async function climb(leaf, index, size, path) {
  let [number, last, found] = [index, size - 1, leaf];
  const steps = [];
  let fits = Number.isSafeInteger(index) && index >= 0 && index < size;
  for (const beside of path) {
    if (last === 0) fits = false;
    const isLeft = number % 2 === 1 || number === last;
    found = isLeft ? await nodeHash(beside, found) : await nodeHash(found, beside);
    steps.push({ beside, isLeft, makes: found });
    while (isLeft && number % 2 === 0 && number !== 0) [number, last] = [half(number), half(last)];
    [number, last] = [half(number), half(last)];
  }
  return { steps, root: found, fits: fits && last === 0 };
}

const half = (number) => Math.floor(number / 2);

/** Whether the larger tree begins with the smaller one's leaves (RFC 9162, 2.1.4.2). */
export async function isConsistent(first, firstRoot, second, secondRoot, proof) {
  if (first < 1 || first > second) return false;
  if (first === second) return proof.length === 0 && same(firstRoot, secondRoot);
  if (proof.length === 0) return false;
  let [number, last] = [first - 1, second - 1];
  // A smaller tree that is a perfect subtree of the larger one is not told: whoever checks has its root.
  const path = 2 ** Math.floor(Math.log2(first)) === first ? [firstRoot, ...proof] : proof;
  while (number % 2 === 1) [number, last] = [half(number), half(last)];
  let [before, after] = [path[0], path[0]];
  for (const beside of path.slice(1)) {
    if (last === 0) return false;
    if (number % 2 === 1 || number === last) {
      [before, after] = [await nodeHash(beside, before), await nodeHash(beside, after)];
      while (number % 2 === 0 && number !== 0) [number, last] = [half(number), half(last)];
    } else {
      after = await nodeHash(after, beside);
    }
    [number, last] = [half(number), half(last)];
  }
  return last === 0 && same(before, firstRoot) && same(after, secondRoot);
}

/** A key as it is handed around: name, id, and 32 bytes of Ed25519. Throws Malformed. */
export async function parsedKey(text) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = name ? unbase64(encoded) : [];
  if (bytes.length !== 33 || bytes[0] !== ED25519) throw new Malformed("A published key is no key of checkpoints.");
  const made = await sha256(encoder.encode(`${name}\n`), bytes);
  if (hex(made.slice(0, 4)) !== id) throw new Malformed("A published key has another's id.");
  return { name, id, key: bytes.slice(1) };
}

/** What a note says, whoever has signed it. Throws Malformed. */
export function parsedNote(note) {
  const end = note.lastIndexOf("\n\n");
  const lines = note.slice(0, Math.max(end, 0)).split("\n");
  const [origin, size, root, position, time] = lines;
  const isNote = lines.length === 5 && /^(0|[1-9][0-9]{0,15})$/.test(size) && /^position [0-9]{1,16}$/.test(position);
  if (!isNote || !time.startsWith("time ")) throw new Malformed("This is no checkpoint of a log.");
  return {
    note,
    origin,
    size: Number(size),
    root: hash(root),
    position: Number(position.slice(9)),
    time: time.slice(5),
    signed: encoder.encode(note.slice(0, end + 1)),
    signatures: note
      .slice(end + 2)
      .split("\n")
      .filter((line) => line.startsWith(DASH))
      .map(signature),
  };
}

function signature(line) {
  const gap = line.lastIndexOf(" ");
  const bytes = unbase64(line.slice(gap + 1));
  return { name: line.slice(DASH.length, gap), id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
}

/** The key that has signed a checkpoint. Throws Malformed when none of these has, or one is claimed to. */
export async function signerOf(checkpoint, keys) {
  let signer = null;
  for (const { name, id, bytes } of checkpoint.signatures) {
    const known = keys.find((key) => key.id === id && key.name === name && name === checkpoint.origin);
    if (!known) continue;
    const key = await crypto.subtle.importKey("raw", known.key, { name: "Ed25519" }, false, ["verify"]);
    if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, bytes, checkpoint.signed))) {
      throw new Malformed(`The signature by the key ${id} is wrong.`);
    }
    signer = known;
  }
  if (!signer) throw new Malformed("No published key has signed the checkpoint.");
  return signer;
}

export { same };
