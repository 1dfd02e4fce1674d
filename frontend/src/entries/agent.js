// The agent's desk. Which telephone stands behind it is the only thing that differs between the lines.
import { Desk } from "../agent/desk.js";
import { SimulatedPhone } from "../agent/line.js";
import { script, words } from "../agent/script.js";
import { listenForShortcuts } from "../agent/shortcuts.js";
import { SipPhone } from "../agent/sip_phone.js";
import "../agent/timer.js";

function showPhone(state) {
  const place = document.getElementById("desk-phone");
  place.hidden = false;
  place.dataset.state = state;
  place.textContent = { connecting: words.phoneConnecting, ready: words.phoneReady, failed: words.phoneFailed }[state];
}

const phone = script.line === "sip"
  ? new SipPhone({ audio: document.getElementById("desk-audio"), tell: showPhone })
  : new SimulatedPhone();
const desk = new Desk(phone);
listenForShortcuts({
  KeyA: () => desk.answer(),
  KeyH: () => desk.hangUp(),
  KeyM: () => desk.mute(),
  KeyW: () => desk.jump(),
});
desk.start();
