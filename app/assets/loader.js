// Runs as js_on_load of a component, below a constant that app/pages/frame.py writes: the address of its module. Gradio takes every quoted
// word here for the name of an event, so nothing is a quoted word.
import(new URL(address, document.baseURI))
  .then((page) => page.mount({ element, props }))
  .catch((error) => {
    element.textContent = "This page did not load. Reload it, and look into the log of the studio if that does not help.";
    console.error(error);
  });
