// Questions to the server and its answers. The page speaks through `props.value` and a named event; the server answers in `props.reply`,
// which never touches `value`, so an answer can't overwrite what is being typed. One question is out at a time, so answers can't overtake
// each other.
export const ANSWER_MS = 20000;

export function openChannel({ props, trigger, listen }, answerMs = ANSWER_MS) {
  const tab = Math.random().toString(36).slice(2);
  const waiting = [];
  let asked = null;
  let count = 0;

  function askNext() {
    if (asked || !waiting.length) return;
    asked = waiting.shift();
    asked.seq = `${tab}-${++count}`;
    asked.timer = setTimeout(() => answered(null), answerMs);
    const payload = typeof asked.payload === "function" ? asked.payload() : asked.payload;
    props.value = { ...payload, seq: asked.seq };
    trigger(asked.event);
  }

  function answered(reply) {
    const question = asked;
    clearTimeout(question.timer);
    asked = null;
    question.resolve(reply);
    askNext();
  }

  return {
    // Resolves with the server's answer, or with null when none came in time. `payload` may be a function: it is called when its turn comes.
    ask: (event, payload) =>
      new Promise((resolve) => {
        waiting.push({ event, payload, resolve });
        askNext();
      }),
    // `unasked`: kind of reply -> what to do when the server sends it without a question, as on page load. What came before is told at once.
    hear: (unasked) =>
      listen((reply) => {
        if (asked && reply.seq === asked.seq) answered(reply);
        else if (!reply.seq) unasked[reply.kind]?.(reply);
      }),
  };
}
