// Of the pages' scripts and of their tests; run from the top folder: eslint --config tests/pages/eslint.config.js app/assets tests/pages
import js from "@eslint/js";

const named = (...names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

const BROWSER = named(
  ...["document", "window", "location", "history", "navigator", "localStorage", "sessionStorage", "crypto", "getSelection", "setTimeout", "clearTimeout", "console", "MutationObserver"],
  ...["URL", "URLSearchParams", "Blob", "CSS", "btoa", "fetch", "AbortController", "TextDecoderStream", "Event"],
);
const NODE = named("window", "Blob", "Buffer", "setTimeout", "URL", "console", "EventTarget", "Event", "Response", "ReadableStream", "TextEncoder");
const GIVEN = named("element", "props", "address"); // to loader.js, by Gradio and by app/pages/frame.py

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { "no-unused-vars": "error", "no-undef": "error", "prefer-const": "error", "no-var": "error", eqeqeq: ["error", "always", { null: "ignore" }], "no-implicit-globals": "error" },
  },
  { files: ["app/assets/**/*.js"], languageOptions: { globals: BROWSER } },
  { files: ["app/assets/loader.js"], languageOptions: { sourceType: "script", globals: GIVEN }, rules: { "no-implicit-globals": "off" } },
  { files: ["tests/pages/*.js"], languageOptions: { globals: NODE } },
];
