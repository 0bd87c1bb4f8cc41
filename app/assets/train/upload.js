// A file of queries from this machine.
import { base64, h, problemOf } from "../studio.js";

const MAX_FILE_BYTES = 4000000;

export function makeUpload(ask, take) {
  const file = h("input", { type: "file", class: "cs-file", id: "train-file", accept: ".txt,.csv,.jsonl" });
  const said = h("p", { class: "cs-quiet", role: "status" });
  const problem = h("p", { class: "cs-problem", id: "train-file-problem", role: "alert" });
  file.setAttribute("aria-describedby", problem.id);
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    said.textContent = problem.textContent = "";
    const reply = await send(ask, chosen);
    const read = reply?.kind === "query_set";
    if (read) take(reply);
    (read ? said : problem).textContent = read ? reply.message : problemOf(reply);
    file.value = ""; // so that the same file, once put right, can be chosen again
  });
  return { file, node: h("div", { class: "cs-upload" }, h("label", { for: file.id, class: "cs-quiet" }, "or upload .txt, .csv or .jsonl"), file, said, problem) };
}

async function send(ask, file) {
  if (file.size <= MAX_FILE_BYTES) return ask("upload", { filename: file.name, data: await base64(file) });
  return { kind: "problem", message: `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; the limit is ${MAX_FILE_BYTES / 1e6} MB. Take a sample of it.` };
}
