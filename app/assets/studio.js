// What the scripts of all pages share.
export const TRY_AGAIN = "Try again in a moment.";

// What the person is told when a question did not end as asked: the server's words, or that it said nothing.
export function problemOf(reply, then = TRY_AGAIN) {
  return reply?.message ?? `The studio does not answer. ${then}`;
}

// A page that could not be opened says so, with a way to try again.
export function notOpened(root, reply) {
  const again = h("button", { type: "button", class: "cs-button", onclick: () => location.reload() }, "Reload");
  root.replaceChildren(h("div", { id: "content", class: "cs-notice" }, h("p", { role: "alert" }, problemOf(reply)), again));
}

// Builds an element. Text goes in as text nodes and attributes as attributes: nothing a person typed is ever parsed as HTML.
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "textarea" || (tag === "input" && !attributes.type)) node.dir = "auto"; // what is written decides its direction
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

// What a person fills in, under the label of the input that has this id.
export function field(id, label, ...nodes) {
  return h("div", { class: "cs-field" }, h("label", { for: id }, label), nodes);
}

// The title of the window: what is open, from the particular to the general. A name runs in its own direction.
export function setTitle(...parts) {
  document.title = [...parts.filter(Boolean), "Constitution Studio"].join(" · ");
}

// A text that did not change is left alone, so that it is neither selected anew nor spoken again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Fragments come from app/present, which escapes every text it puts in them.
export function fragment(node, html) {
  node.innerHTML = html;
  for (const time of node.querySelectorAll("time[datetime]")) localise(time);
  return node;
}

export function localise(time) {
  const when = new Date(time.dateTime);
  if (Number.isNaN(when.getTime())) return;
  const sameYear = when.getFullYear() === new Date().getFullYear();
  const day = when.toLocaleDateString([], { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
  time.title = time.textContent;
  time.textContent = `${day}, ${clock(when)}`;
}

export function clock(when) {
  return when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

// A name within a sentence of ours runs in its own direction, also where no element can say so, as in an option.
export function isolated(text) {
  return /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}|\p{Script=Nko}|[\u202a-\u202e\u2066-\u2069]/u.test(text) ? `\u2068${text}\u2069` : text;
}

export function oneLine(text) {
  return text.replace(/\s*[\r\n]+\s*/g, " ");
}

// 128 random bits in hexadecimal; randomUUID is missing on plain-http addresses other than localhost.
export function newKey() {
  return hexadecimal(crypto.getRandomValues(new Uint8Array(16)));
}

// The same, marked as a random UUID.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hexadecimal(bytes);
}

function hexadecimal(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The second click of a double click: what it meets may have changed under it by now. A key pressed on a button counts as no click.
export function isSecond(event) {
  return event.detail > 1;
}

// Does something once: meanwhile its buttons cannot be pressed, and who presses them all the same is not heard. A button that had the
// focus gets it back, unless it went elsewhere.
export async function whileBusy(buttons, act) {
  if (buttons.some((button) => button.disabled)) return undefined;
  const focused = buttons.find((button) => button === document.activeElement);
  for (const button of buttons) button.disabled = true;
  try {
    return await act();
  } finally {
    for (const button of buttons) button.disabled = false;
    if (document.activeElement === document.body) focused?.focus();
  }
}

// A file as text for a question; in pieces, for a function takes only so many arguments.
export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

// Puts a text on the clipboard; false when the browser does not allow it.
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    console.warn("The clipboard cannot be written:", error); // plain-http addresses other than localhost have none
    return false;
  }
}

// Copies what a node says, and tells it on the button; where the browser does not allow it, the text is selected.
export async function copyFrom(button, node) {
  const done = await copied(node.textContent);
  if (!done) getSelection().selectAllChildren(node);
  button.textContent = done ? "Copied" : "Select it and copy";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

export function download(filename, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = h("a", { href: url, download: filename });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// The part of a component that a page draws into, empty also when Gradio runs the page's script a second time.
export function emptyRoot(element, selector) {
  const root = element.querySelector(selector);
  root.replaceChildren();
  return root;
}

// Listens on the window or the document for as long as the component's element is in the page.
export function listenWhile(element, target, name, act, capture = false) {
  const listener = (event) => {
    if (element.isConnected) act(event);
    else target.removeEventListener(name, listener, capture);
  };
  target.addEventListener(name, listener, capture);
}
