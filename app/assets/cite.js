// Pages that are cited: a button beside each clause puts its address on the clipboard.
import { copied } from "./studio.js";

const SHOWN_MS = 2000;

export function listen(root) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const link = button.parentElement.querySelector("a");
    const done = await copied(link.href);
    if (!done) getSelection().selectAllChildren(link);
    const said = done ? `The link to ${link.textContent} is copied.` : "This browser does not allow it: copy the link itself.";
    const spoken = root.querySelector('[role="status"]');
    if (spoken) spoken.textContent = said;
    button.textContent = done ? "Copied" : "Copy the link itself";
    setTimeout(() => (button.textContent = "Copy link"), SHOWN_MS);
  });
}

listen(document);
