// The Laboratory page: what a battery is to try and what that takes, the batteries there are, one of them with what it found, and its cards.
import { inAddress, openChannel } from "../channel.js";
import { emptyRoot, notOpened } from "../studio.js";
import { openBattery } from "./battery.js";
import { openCards } from "./cards.js";
import { openForm } from "./form.js";

export function mount({ element }) {
  const { cards, ...address } = inAddress("run", "version", "lab", "cards");
  const page = { element, ask: openChannel("lab").ask, root: emptyRoot(element, ".cs-lab") };
  if (cards != null && /^\d{1,9}$/.test(address.lab ?? "")) return openCards(page, Number(address.lab));
  void page.ask("opened", address).then((reply) => {
    if (reply?.kind !== "page") return notOpened(page.root, reply);
    return reply.shown ? openBattery(page, reply.shown) : openForm(page, reply);
  });
}
