// Runs as js_on_load of a component, below two constants that app/pages/frame.py writes: the names of its events, and the address of its
// module. Gradio takes every quoted word here for the name of an event, so nothing else is a quoted word. What the server says before
// the module has come is kept for it.
const missed = [];
let hear = (reply) => void missed.push(reply);
if (props.reply) hear(props.reply);
watch(Object.keys({ reply: null }), () => props.reply && hear(props.reply));
const listen = (hearer) => {
  hear = hearer;
  missed.splice(0).forEach(hearer);
};
import(new URL(address, document.baseURI))
  .then((page) => page.mount({ element, props, trigger, listen }))
  .catch((error) => {
    element.textContent = "This page did not load. Reload it, and look into the log of the studio if that does not help.";
    console.error(error);
  });
