// One pane: a reply as it is written, what programs find in it, and its tokens.
import { fragment, h, setText } from "../studio.js";

export function makePane(first) {
  const id = `pane-${first.place}`;
  const pane = {
    adapter: h("span", { class: "cs-pane-adapter" }),
    text: h("p", { class: "cs-text", dir: "auto" }),
    foot: h("p", { class: "cs-quiet cs-number" }),
    problem: h("p", { class: "cs-problem" }),
    checks: h("ul", { class: "cs-checks" }),
    scores: h("details", { class: "cs-scores", hidden: true }, h("summary", {}, "Token by token"), h("div")),
  };
  const head = h("header", {}, h("h3", { id }, first.title), h("p", { class: "cs-quiet" }, first.prompt), h("p", { class: "cs-quiet" }, pane.adapter));
  pane.node = h("article", { class: "cs-pane", "aria-labelledby": id, "data-arm": first.key, "data-column": first.place % 2 ? "left" : "right" }, head, pane.text, pane.problem, pane.foot, pane.checks, pane.scores);
  pane.node.style.setProperty("--cs-place", first.place);
  return pane;
}

export function drawPane({ node, adapter, text, problem, foot, checks }, reply) {
  node.dataset.state = reply.state;
  node.setAttribute("aria-busy", `${reply.state === "waiting" || reply.state === "writing"}`);
  setText(adapter, reply.adapter);
  setText(text, reply.text);
  setText(problem, reply.error);
  setText(foot, [reply.length, reply.says].filter(Boolean).join(" · "));
  if (reply.checks.length !== checks.childElementCount) checks.replaceChildren(...reply.checks.map(finding));
}

// What a program finds, in a sign and in words; whether that is wanted depends on the side that was in the prompt.
function finding(check) {
  const [sign, says] = check.follows === null ? ["?", "cannot be judged"] : check.follows ? ["✓", "follows"] : ["✗", "does not follow"];
  const mark = h("span", { class: "cs-check-mark", "aria-hidden": "true" }, sign);
  return h("li", { title: check.says, "data-follows": check.follows }, mark, h("span", { class: "cs-sr" }, `${says}: `), check.title);
}

export function halt({ node, foot }) {
  if (node.dataset.state === "done" || node.dataset.state === "failed") return;
  node.dataset.state = "stopped";
  node.setAttribute("aria-busy", "false");
  setText(foot, "not finished");
}

export function showScores({ scores }, html) {
  scores.hidden = !html;
  if (html) fragment(scores.lastChild, html);
}
