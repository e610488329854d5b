// Holds events against a checkpoint, and the checkpoint against its signature and the one this browser kept.
import { get, text, query } from "./api.js";
import {
  Malformed,
  climb,
  hash,
  hex,
  isConsistent,
  isPossible,
  leafHash,
  parsedKey,
  parsedNote,
  same,
  signerOf,
} from "./proof.js";

const KEPT = "lodger.audit.checkpoint";
const AT_ONCE = 4;

export const PROVEN = "proven";
export const WRONG = "wrong";
export const UNCOVERED = "not covered yet";
export const UNKNOWN = "not checked";

/** The newest checkpoint: {state, says, checkpoint, signer, since}. It is kept unless something is wrong with it. */
export async function newestCheckpoint() {
  if (!isPossible()) {
    return {
      state: UNKNOWN,
      says: "This browser checks nothing on pages without TLS. Open this one over https or on localhost.",
    };
  }
  let checkpoint;
  try {
    const [note, { keys }] = await Promise.all([text("/v1/log/checkpoints/latest"), get("/v1/log/keys")]);
    checkpoint = parsedNote(note);
    const signer = await signerOf(checkpoint, await Promise.all(keys.map((each) => parsedKey(each.key))));
    const since = await heldAgainstKept(checkpoint);
    if (since.state !== WRONG) keep(note);
    return { state: since.state, says: since.says, checkpoint, signer };
  } catch (error) {
    if (error instanceof Malformed) return { state: WRONG, says: error.message };
    if (error.name === "NotSupportedError") return { state: UNKNOWN, says: "This browser does not know Ed25519." };
    if (error.code === "checkpoint-not-found") return { state: UNCOVERED, says: "Nothing was signed yet." };
    return { state: UNKNOWN, says: error.message };
  }
}

/** Whether the log still begins with what it was when this browser last looked. */
async function heldAgainstKept(checkpoint) {
  const former = kept();
  if (!former || former.note === checkpoint.note) return { state: PROVEN, says: "signature valid" };
  const when = `the checkpoint of ${former.size} events that this browser kept`;
  if (former.origin !== checkpoint.origin) return { state: WRONG, says: `This is another log than ${when}.` };
  if (former.size > checkpoint.size)
    return { state: WRONG, says: `The log is shorter than ${when}: its end was cut off.` };
  const path = `/v1/log/consistency${query({ first: former.size, second: checkpoint.size })}`;
  const hashes = former.size ? (await get(path)).hashes.map(hash) : [];
  const fits = await isConsistent(former.size, former.root, checkpoint.size, checkpoint.root, hashes);
  if (!fits) return { state: WRONG, says: `The log does not begin with ${when}: history was rewritten.` };
  return { state: PROVEN, says: `signature valid, consistent with ${when}` };
}

function kept() {
  try {
    const note = localStorage.getItem(KEPT);
    return note === null ? null : parsedNote(note);
  } catch {
    return null;
  }
}

function keep(note) {
  try {
    localStorage.setItem(KEPT, note);
  } catch {
    // A browser that keeps nothing asks only for the signature.
  }
}

/** Calls `found(event, verdict)` for each event as it is verified, until it is told to stop. */
export async function verifyAll(events, newest, stop, found) {
  const waiting = [...events];
  const work = async () => {
    for (let event = waiting.shift(); event && !stop.aborted; event = waiting.shift()) {
      found(event, await verified(event, newest));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** {state, says, record, steps, leaf, index, size}: what became of an event's proof, and all that led there. */
async function verified(event, newest) {
  if (!isPossible()) return { state: UNKNOWN, says: newest.says };
  const found = { record: null };
  try {
    found.record = (await get(`/v1/audit/events/${event.position}`)).record;
    found.leaf = await leafHash(found.record);
    return { ...found, ...(await judged(event, found, newest)) };
  } catch (error) {
    if (error instanceof Malformed) return { ...found, state: WRONG, says: error.message };
    if (error.code !== "event-not-found") return { ...found, state: UNKNOWN, says: error.message };
    const says = found.record
      ? "The signed tree has no such event: it was put in later."
      : "It is not in the log any more.";
    return { ...found, state: WRONG, says };
  }
}

async function judged(event, { record, leaf }, { state, says, checkpoint }) {
  const amiss = differing(event, record);
  if (amiss) return { state: WRONG, says: `What is shown is not what is recorded: ${amiss}.` };
  if (state !== PROVEN) return { state, says };
  if (event.position <= checkpoint.position) return proven(event, leaf, checkpoint);
  return { state: UNCOVERED, says: "The next checkpoint covers it: one is signed every minute." };
}

async function proven(event, leaf, checkpoint) {
  const proof = await get(`/v1/log/proofs/${event.position}${query({ size: checkpoint.size })}`);
  const path = proof.hashes.map(hash);
  const way = await climb(leaf, proof.leaf_index, checkpoint.size, path);
  const seen = { index: proof.leaf_index, size: checkpoint.size, steps: way.steps };
  if (way.fits && same(way.root, checkpoint.root)) {
    return { ...seen, state: PROVEN, says: "It is in the signed tree, as it was recorded." };
  }
  const was = hash(proof.leaf_hash);
  const signed = await climb(was, proof.leaf_index, checkpoint.size, path);
  const edited = signed.fits && same(signed.root, checkpoint.root);
  const says = edited
    ? `It was changed after it was recorded: what was signed has the hash ${hex(was).slice(0, 16)}\u2026`
    : "Its proof does not lead to the signed root.";
  return { ...seen, state: WRONG, says };
}

/** What of the envelope differs between the event as it is shown and the record that is hashed. */
function differing(event, record) {
  const meta = JSON.parse(record.meta);
  const agreeing = {
    position: event.position === Number(record.position),
    stream: event.stream === record.stream_id,
    version: event.version === Number(record.version),
    type: event.type === record.type,
    "when it was recorded": microseconds(event.recorded_at) === String(record.recorded_at),
    "when it happened": Date.parse(event.occurred_at) === Date.parse(meta.occurred_at),
    "who did it": ["kind", "id", "reason"].every((name) => event.actor[name] === (meta.actor[name] ?? null)),
    "what caused it": event.causation === (meta.causation_id ?? null),
  };
  return Object.keys(agreeing).find((name) => !agreeing[name]) ?? null;
}

/** An instant as the record has it: a date of this language has no more than milliseconds. */
function microseconds(instant) {
  const [, fraction = ""] = /\.([0-9]+)/.exec(instant) ?? [];
  const seconds = Date.parse(instant.replace(/\.[0-9]+/, "")) / 1000;
  return `${seconds}${fraction.padEnd(6, "0")}`;
}
