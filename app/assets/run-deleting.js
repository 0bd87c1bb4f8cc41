// A run is deleted for good, so its page asks first and says what goes.
import { askBefore } from "./deleting.js";

const GOES = "Its adapter, checkpoints, replies, marks and figures are gone for good then. The version, the queries and the other runs of its series stay, and comparisons that were made with it keep their texts.";

export function askToDelete(page, opener) {
  const { root, run, headline } = page;
  const what = { name: `run ${run}`, label: "Delete this run", goes: GOES };
  askBefore({ root, what, gone: "go", act: () => page.ask("delete", { run }), done: ({ href }) => location.assign(href), opener, back: headline });
}
