// A file of queries from this machine.
import { base64, fragment, h, problemOf } from "../studio.js";

const MAX_FILE_BYTES = 4000000;

export function makeUpload(ask, take) {
  const file = h("input", { type: "file", class: "cs-file", id: "train-file", accept: ".txt,.csv,.tsv,.json,.jsonl,.ndjson,.md" });
  const field = h("input", { class: "cs-input cs-short", id: "train-file-field", autocomplete: "off", spellcheck: "false", placeholder: "found by itself" });
  const said = h("p", { class: "cs-quiet", role: "status" });
  const reading = h("div");
  const problem = h("p", { class: "cs-problem", id: "train-file-problem", role: "alert" });
  file.setAttribute("aria-describedby", problem.id);
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    said.textContent = problem.textContent = "";
    reading.replaceChildren();
    const reply = await send(ask, chosen, field.value);
    const read = reply?.kind === "query_set";
    if (read) {
      take(reply);
      fragment(reading, reply.html);
    }
    (read ? said : problem).textContent = read ? reply.message : problemOf(reply);
    file.value = ""; // so that the same file, once put right, can be chosen again
  });
  const choose = h("div", { class: "cs-upload-choose" }, h("label", { for: file.id, class: "cs-quiet" }, "or upload text, CSV or JSON"), file);
  const column = h("div", { class: "cs-upload-choose" }, h("label", { for: field.id, class: "cs-quiet" }, "column to ask"), field);
  return { file, field, node: h("div", { class: "cs-upload" }, choose, column, said, reading, problem) };
}

async function send(ask, file, field) {
  if (file.size <= MAX_FILE_BYTES) return ask("upload", { filename: file.name, data: await base64(file), field });
  return { kind: "problem", message: `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; the limit is ${MAX_FILE_BYTES / 1e6} MB. Take a sample of it.` };
}
