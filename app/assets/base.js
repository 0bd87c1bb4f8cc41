// Shared by the custom components. Runs inside Gradio's js_on_load, where `element`, `props`, `trigger` and `watch` are given.
// The client speaks through `props.value` and a named event; the server answers in `props.reply`, which never touches `value`,
// so an answer can't overwrite what is being typed. One question is out at a time, so answers can't overtake each other.
const ANSWER_MS = 20000;
const tab = Math.random().toString(36).slice(2);
const questions = [];
let asked = null;
let count = 0;
const unasked = {}; // kind of reply -> what to do when the server sends it without a question, as on page load

// Builds an element. Text goes in as text nodes and attributes as attributes: nothing a person typed is ever parsed as HTML.
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

// Resolves with the server's answer, or with null when none came in time. `payload` may be a function: it is called when its turn comes.
function ask(event, payload) {
  return new Promise((resolve) => {
    questions.push({ event, payload, resolve });
    askNext();
  });
}

function askNext() {
  if (asked || !questions.length) return;
  asked = questions.shift();
  asked.seq = `${tab}-${++count}`;
  asked.timer = setTimeout(() => answered(null), ANSWER_MS);
  const payload = typeof asked.payload === "function" ? asked.payload() : asked.payload;
  props.value = { ...payload, seq: asked.seq };
  trigger(asked.event);
}

function answered(reply) {
  const question = asked;
  clearTimeout(question.timer);
  asked = null;
  question.resolve(reply);
  askNext();
}

// The name stands without quotes: Gradio takes every quoted word of this script for the name of an event.
watch(Object.keys({ reply: null }), () => {
  const reply = props.reply;
  if (!reply) return;
  if (asked && reply.seq === asked.seq) answered(reply);
  else if (!reply.seq && unasked[reply.kind]) unasked[reply.kind](reply);
});

// Fragments come from app/present, which escapes every text it puts in them.
function fragment(node, html) {
  node.innerHTML = html;
  for (const time of node.querySelectorAll("time[datetime]")) localise(time);
  return node;
}

function localise(time) {
  const when = new Date(time.dateTime);
  if (Number.isNaN(when.getTime())) return;
  const sameYear = when.getFullYear() === new Date().getFullYear();
  const day = when.toLocaleDateString([], { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
  time.title = time.textContent;
  time.textContent = `${day}, ${clock(when)}`;
}

function clock(when) {
  return when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function download(filename, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = h("a", { href: url, download: filename });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
