// What every page tells at its top, for as long as it lasts: a full or read-only disk, a database that is away, a studio that does not answer.
import { ANSWERS, openChannel, UNANSWERED } from "./channel.js";
import { listenToSkip } from "./skipping.js";
import { listenWhile, setText } from "./studio.js";

const EVERY_MS = 30000;
const AGAIN_MS = 1000; // while it does not answer
const PATIENCE_MS = 3000; // a restart of the studio may take as long, and is nobody's concern
export const AWAY = "The studio does not answer. What is on this page stays as it is, and the studio is asked again until it answers.";

export function mount({ element }) {
  const notice = element.querySelector(".cs-condition");
  if (notice.dataset.listens) return; // Gradio may run a page's script a second time
  notice.dataset.listens = "1";
  listenToSkip(element); // here, since every page has this part
  const watch = makeWatch(notice, openChannel("studio", PATIENCE_MS).ask);
  for (const name of [UNANSWERED, "online", "offline"]) listenWhile(element, window, name, () => void look(watch));
  void look(watch);
}

export function makeWatch(notice, ask) {
  return { notice, ask, since: null, away: false, looking: false, timer: null }; // `since`: when it was asked first without an answer
}

async function look(watch) {
  if (watch.looking) return;
  watch.looking = true;
  clearTimeout(watch.timer);
  const asked = Date.now();
  if (!document.hidden) hear(watch, await watch.ask("state", {}), asked);
  watch.looking = false;
  if (watch.notice.isConnected) watch.timer = setTimeout(() => void look(watch), watch.since == null ? EVERY_MS : AGAIN_MS);
}

// What was answered to the question of that time; null: nothing.
export function hear(watch, reply, asked, now = Date.now()) {
  const { notice } = watch;
  if (reply) {
    if (watch.since != null) window.dispatchEvent(new Event(ANSWERS));
    if (watch.away) tell(watch, "", false);
    watch.since = null;
    return show(notice, reply);
  }
  watch.since ??= asked;
  if (now - watch.since >= PATIENCE_MS) tell(watch, AWAY, true);
}

function tell(watch, text, away) {
  watch.away = away;
  watch.notice.hidden = !text;
  watch.notice.classList.toggle("cs-condition-away", away);
  setText(watch.notice.querySelector("p"), text);
}

// Whatever is no word about the disk says nothing about it.
export function show(notice, reply) {
  if (reply?.kind !== "studio") return;
  notice.hidden = !reply.problem;
  setText(notice.querySelector("p"), reply.problem);
}
