// A bar that says how far something has come, to the eye and to a screen reader.
import { h } from "./studio.js";

export function makeProgress(label, hidden = false) {
  const fill = h("span", { class: "cs-bar-fill" });
  return { fill, bar: h("div", { class: "cs-progress", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", hidden }, fill) };
}

// `share` is null while nobody knows how far; `says` is the same in words.
export function drawProgress({ bar, fill }, share, says) {
  bar.classList.toggle("cs-progress-unknown", share == null);
  fill.style.width = share == null ? "" : `${100 * share}%`;
  if (share == null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", Math.round(100 * share));
  bar.setAttribute("aria-valuetext", says);
}
