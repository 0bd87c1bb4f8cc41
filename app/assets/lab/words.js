// How batteries and their minutes are told.
import { isolated } from "../studio.js";

const STATUS = { queued: ["·", "waits in the queue"], running: ["▸", "in progress"], stopped: ["‖", "stopped"], failed: ["✕", "failed"], finished: ["✓", "finished"] };

export function statusOf({ status, stopping }) {
  const [mark, words] = STATUS[status] ?? ["·", status];
  return { mark, words: stopping && status === "running" ? "stopping…" : words };
}

// What is examined, by its name.
export function nameOf({ constitution, version }) {
  return `${isolated(constitution)}, version ${version}`;
}

export function examined({ wish }) {
  return wish.run == null ? "the text in the prompt, nothing trained" : `run ${wish.run}`;
}

// A time in words; null: it is not known.
export function minutesText(minutes) {
  if (minutes == null) return "minutes not known yet";
  if (minutes < 1) return "less than a minute";
  return minutes < 90 ? `about ${Math.ceil(minutes)} min` : `about ${(minutes / 60).toFixed(1)} h`;
}

// Of the probes that are ticked, together. What one has drawn another does not draw again, so it is the most.
export function sumText(minutes) {
  if (!minutes.length) return "No probe is ticked.";
  const probes = `${minutes.length} probe${minutes.length === 1 ? "" : "s"}`;
  if (minutes.some((each) => each == null)) return `${probes}; how long they take is known once a trainer has measured its machine.`;
  return `${probes}, ${minutesText(minutes.reduce((sum, each) => sum + each, 0))} at most here: replies that several need are drawn once.`;
}
