// As much of a document as building elements needs: no layout, no parsing, no selectors.
class StubNode extends EventTarget {
  constructor(tag) {
    super();
    this.tagName = tag;
    this.attributes = {};
    this.childNodes = [];
    this.written = 0; // how often the text was set
    this.style = {};
    this.classes = new Set();
    this.classList = { toggle: (name, yes) => void (yes ? this.classes.add(name) : this.classes.delete(name)) };
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }

  removeAttribute(name) {
    delete this.attributes[name];
  }

  append(...children) {
    this.childNodes.push(...children);
  }

  get textContent() {
    return this.childNodes.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }

  set textContent(text) {
    this.written += 1;
    this.childNodes = [text];
  }
}

globalThis.document = { createElement: (tag) => new StubNode(tag) };
