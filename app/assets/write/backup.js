// A copy of the draft in this browser, until the server has it.
function keyOf(draft) {
  return `constitution-studio:${draft.editor}:${draft.id}`;
}

export function backUp(draft, text, storage = localStorage) {
  try {
    storage.setItem(keyOf(draft), JSON.stringify({ revision: draft.revision, known: draft.known, ...text }));
  } catch (error) {
    console.warn("No copy could be kept in this browser:", error); // full or forbidden storage: the server still gets the text
  }
}

export function forgetBackup(draft, storage = localStorage) {
  try {
    storage.removeItem(keyOf(draft));
  } catch (error) {
    console.warn("The copy in this browser could not be removed:", error);
  }
}

// The copy, or null when there is none that can be read.
export function readBackup(draft, storage = localStorage) {
  try {
    const backup = JSON.parse(storage.getItem(keyOf(draft)) || "null");
    return Array.isArray(backup?.principles) ? backup : null;
  } catch (error) {
    console.warn("The copy in this browser could not be read:", error);
    return null;
  }
}
