// A full or read-only disk, or a database that is away, told at the top of every page for as long as it lasts.
import { openChannel } from "./channel.js";
import { listenToSkip } from "./skipping.js";
import { setText } from "./studio.js";

const EVERY_MS = 30000;

export function mount({ element }) {
  const notice = element.querySelector(".cs-condition");
  if (notice.dataset.listens) return; // Gradio may run a page's script a second time
  notice.dataset.listens = "1";
  listenToSkip(element); // here, since every page has this part
  void look(notice, openChannel("studio"));
}

async function look(notice, channel) {
  if (!document.hidden) show(notice, await channel.ask("state", {}));
  if (notice.isConnected) setTimeout(() => void look(notice, channel), EVERY_MS);
}

// No answer at all says nothing about the disk.
export function show(notice, reply) {
  if (reply?.kind !== "studio") return;
  notice.hidden = !reply.problem;
  setText(notice.querySelector("p"), reply.problem);
}
