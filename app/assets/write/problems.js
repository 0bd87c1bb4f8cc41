// What is wrong with the draft, beside the fields that it is about.
import { listenWhile } from "../studio.js";
import { allItems, fieldOf } from "./principles.js";

// Drawing waits while a button is held down: text that appears between press and release would move the button from under it.
export function makeCalm(element) {
  const calm = { pressed: false, waiting: null };
  const release = () => setTimeout(() => {
    calm.pressed = false;
    calm.waiting?.();
    calm.waiting = null;
  });
  listenWhile(element, window, "pointerdown", () => (calm.pressed = true), true);
  for (const name of ["pointerup", "pointercancel"]) listenWhile(element, window, name, release, true);
  return calm;
}

// A problem is shown once its field was left or holds text, so that a new principle isn't born covered in complaints.
export function drawProblems({ list, rule, calm }, problems, all) {
  const draw = () => {
    drawNow(list, problems, all);
    drawRule(rule, problems);
  };
  if (calm.pressed) calm.waiting = draw;
  else draw();
}

function drawRule(rule, problems) {
  const messages = problems.filter(({ field }) => field === "conflict_rule").map(({ message }) => message);
  document.getElementById(`${rule.id}-problem`)?.replaceChildren(messages.join(" "));
  if (messages.length) rule.setAttribute("aria-invalid", "true");
  else rule.removeAttribute("aria-invalid");
}

function drawNow(list, problems, all) {
  list.querySelectorAll("[data-problem]").forEach((line) => (line.textContent = ""));
  list.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  for (const problem of problems) {
    const field = problemField(list, problem);
    if (!field || !(all || field.dataset.seen || field.value.trim())) continue;
    field.setAttribute("aria-invalid", "true");
    if (all && field.closest("details")) field.closest("details").open = true;
    const line = field.closest(".cs-principle").querySelector(`[data-problem="${problem.field}"]`);
    line.textContent = line.textContent ? `${line.textContent} ${problem.message}` : problem.message;
  }
}

function problemField(list, problem) {
  const item = allItems(list)[problem.principle];
  const argument = item?.querySelector(".cs-check-with:not([hidden]) [data-field=argument]");
  if (problem.field === "scenarios") return item?.querySelector(".cs-scenario:last-child [data-part=query]"); // too many
  return (problem.field === "check" && argument) || (item && fieldOf(item, problem.field));
}

export function firstProblem(list, problems) {
  const problem = problems.find((each) => each.principle != null);
  return problem && problemField(list, problem);
}
