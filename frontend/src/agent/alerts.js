// Sentences above the windows: one of each kind at a time, announced without taking the focus.
import { words } from "./script.js";

const place = document.getElementById("desk-alerts");
const said = document.getElementById("desk-said");

export function showAlert(kind, sentence, { colour = "warning", link = null } = {}) {
  hideAlert(kind);
  const alert = document.createElement("div");
  alert.className = `alert alert-${colour}`;
  alert.dataset.alert = kind;
  const text = document.createElement("p");
  text.textContent = sentence;
  alert.append(text);
  if (link) {
    const anchor = document.createElement("a");
    anchor.className = "btn";
    anchor.href = link.href;
    anchor.textContent = link.text;
    alert.append(anchor);
  } else {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.setAttribute("aria-label", words.close);
    close.addEventListener("click", () => alert.remove());
    alert.append(close);
  }
  place.append(alert);
}

export function hideAlert(kind) { place.querySelector(`[data-alert="${kind}"]`)?.remove(); }

export function say(sentence) { said.textContent = sentence; }
