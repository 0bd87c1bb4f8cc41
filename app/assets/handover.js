// What was understood of a file goes from the first page to the document that was made of it: in this tab, and once.
const keyOf = (id) => `constitution-studio:read:${id}`;

export function handOver(id, html, storage = sessionStorage) {
  try {
    storage.setItem(keyOf(id), html);
  } catch (error) {
    console.warn("What was read cannot be kept in this browser:", error); // full or forbidden storage: the document opens all the same
  }
}

// The fragment, or "" when there is none.
export function takeOver(id, storage = sessionStorage) {
  try {
    const html = storage.getItem(keyOf(id)) ?? "";
    storage.removeItem(keyOf(id));
    return html;
  } catch (error) {
    console.warn("What was read cannot be had from this browser:", error);
    return "";
  }
}
