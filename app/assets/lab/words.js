// How batteries and their minutes are told.
import { isolated } from "../studio.js";

const STATUS = { queued: ["·", "waits in the queue"], running: ["▸", "in progress"], stopped: ["‖", "stopped"], failed: ["✕", "failed"], finished: ["✓", "finished"] };

export function statusOf({ status, stopping }) {
  const [mark, words] = STATUS[status] ?? ["·", status];
  return { mark, words: stopping && status === "running" ? "stopping…" : words };
}

// A battery of probes, or a drift matrix of what runs made.
export const isDrift = ({ wish }) => !!wish?.runs?.length;

// What is examined, by its name.
export function nameOf(lab) {
  return isDrift(lab) ? `What else changed, of runs ${lab.wish.runs.join(", ")}` : `${isolated(lab.constitution)}, version ${lab.version}`;
}

export function examined(lab) {
  const { wish } = lab;
  if (isDrift(lab)) return `${wish.runs.length} runs, each measured on the texts of all`;
  return wish.run == null ? "the text in the prompt, nothing trained" : `run ${wish.run}`;
}

// A time in words; null: it is not known.
export function minutesText(minutes) {
  if (minutes == null) return "minutes not known yet";
  if (minutes < 1) return "less than a minute";
  return minutes < 90 ? `about ${Math.ceil(minutes)} min` : `about ${(minutes / 60).toFixed(1)} h`;
}

// What a drift matrix would be.
export function driftText({ rows, principles, cells, held_out, minutes }) {
  return `${rows} rows of ${held_out} replies, ${principles} principle${principles === 1 ? "" : "s"}, ${cells} cells; ${minutesText(minutes)} here.`;
}

// Of the probes that are ticked, together. What one has drawn another does not draw again, so it is the most.
export function sumText(minutes) {
  if (!minutes.length) return "No probe is ticked.";
  const probes = `${minutes.length} probe${minutes.length === 1 ? "" : "s"}`;
  if (minutes.some((each) => each == null)) return `${probes}; how long they take is known once a trainer has measured its machine.`;
  return `${probes}, ${minutesText(minutes.reduce((sum, each) => sum + each, 0))} at most here: replies that several need are drawn once.`;
}
