// The link past the header. By itself it would lead to the home page: addresses on a page are relative to the studio's own, not to the page's.
import { listenWhile } from "./studio.js";

export function listenToSkip(element) {
  listenWhile(element, document, "click", (event) => {
    if (!event.target.closest?.(".cs-skip")) return;
    event.preventDefault();
    const content = document.getElementById("content") ?? document.querySelector(".cs-page");
    content.setAttribute("tabindex", "-1"); // a section takes the focus only so; what follows in it comes next
    content.focus();
    content.addEventListener("blur", () => content.removeAttribute("tabindex"), { once: true });
  });
}
