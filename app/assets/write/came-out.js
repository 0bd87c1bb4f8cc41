// In the margin of each principle: what the newest finished run found for it, and whether the principle says something else by now.
import { fragment, h } from "../studio.js";
import { allItems, readItem } from "./principles.js";
import { checkParts } from "./rows.js";

// What differs between a principle as it stands and as it was trained and judged, in words; spaces say nothing.
export function changedSince(now, then) {
  const plain = (text) => text.normalize("NFC").replace(/\s+/g, " ").trim();
  if (["statement", "antithesis"].some((name) => plain(now[name]) !== plain(then[name]))) return "text changed since";
  const [a, b] = [now, then].map(({ check }) => checkParts(check).map((part) => `${part ?? ""}`).join(" "));
  return a === b ? "" : "check changed since";
}

export function listenToCameOut(page) {
  new window.MutationObserver(() => showCameOut(page)).observe(page.list, { childList: true });
  page.list.addEventListener("input", (event) => event.target.dataset.field && showCameOut(page));
  page.list.addEventListener("change", (event) => event.target.dataset.field === "check" && showCameOut(page));
}

export function showCameOut({ list, kinds, cameOut, standings }) {
  for (const item of cameOut ? allItems(list) : []) {
    const found = cameOut.principles.find((each) => each.principle === item.dataset.id);
    const line = item.querySelector(".cs-margin") ?? (found && begin(item, found, standings[found.standing]));
    if (!line) continue; // no run knows this principle yet
    const says = changedSince(readItem(kinds, item), found);
    const since = line.querySelector(".cs-since");
    if (since.textContent !== says) since.textContent = says;
  }
}

function begin(item, found, html) {
  const run = h("a", { href: `./run?id=${found.run}` }, `run ${found.run}`);
  const line = h("p", { class: "cs-margin cs-quiet" }, fragment(h("span"), html), h("span", {}, "in ", run, ` of version ${found.version}`), h("span", { class: "cs-since" }));
  item.querySelector(".cs-facing").after(line); // the texts come first, for whoever goes on by Tab too
  return line;
}
