// The person's name in the header: asked once, kept in a cookie of this browser, which sends it with every question by itself.
import { listenWhile, problemOf, setText } from "./studio.js";

const COOKIE = "studio_name"; // as app/web/actors.py calls it

// The name among a document's cookies; empty when there is none, or when it cannot be read.
export function nameIn(cookies) {
  const kept = cookies.split("; ").find((cookie) => cookie.startsWith(`${COOKIE}=`));
  try {
    return decodeURIComponent(kept?.slice(COOKIE.length + 1) ?? "").trim();
  } catch {
    return "";
  }
}

export function mount({ element }) {
  const who = element.querySelector(".cs-who");
  if (who.dataset.listens) return; // Gradio may run a page's script a second time
  who.dataset.listens = "1";
  const part = (name) => who.querySelector(`.cs-who-${name}`);
  const name = nameIn(document.cookie);
  setText(part("said"), name || "Your name");
  part("name").value ||= name; // what was typed before this page listened stays
  part("along").hidden = !name; // who had none takes their drafts along in any case
  who.addEventListener("toggle", () => who.open && part("name").focus());
  who.addEventListener("keydown", (event) => event.key === "Escape" && close(who));
  listenWhile(element, document, "pointerdown", (event) => who.contains(event.target) || (who.open = false));
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void keep(part, name);
  });
  part("keep").disabled = false; // only now: a form that nothing listens to would send itself and forget the name
}

function close(who) {
  who.open = false;
  who.querySelector("summary").focus();
}

// The page is opened anew under the new name: every part of it, its draft included, belongs to somebody.
async function keep(part, before) {
  const wanted = part("name").value.trim();
  if (wanted === before) return close(part("form").closest(".cs-who"));
  setText(part("problem"), "");
  part("keep").disabled = true;
  const reply = await give({ name: wanted, take_drafts: part("take").checked });
  part("keep").disabled = false;
  if (reply?.name) return location.reload();
  setText(part("problem"), problemOf(reply));
  part("name").focus(); // the button was disabled meanwhile, and so lost the focus
}

async function give(naming) {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(naming) };
  try {
    return await (await fetch("./name", sent)).json();
  } catch {
    return null;
  }
}
