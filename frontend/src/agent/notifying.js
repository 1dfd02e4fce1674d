// The system's own notification of an incoming call, for a desk that lies behind other windows.
import { words } from "./script.js";

const shown = new Map();

export function offerNotifications(button) {
  if (!("Notification" in window) || Notification.permission !== "default") return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    button.hidden = true;
  });
}

export function notify(call, caller) {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
  // One tag a call: tabs that all try leave one notification.
  const notification = new Notification(words.incomingFrom, { body: caller, tag: `renkei-call-${call}` });
  notification.onclick = () => {
    window.focus();
    notification.close();
  };
  shown.set(call, notification);
}

export function unnotify(call) {
  shown.get(call)?.close();
  shown.delete(call);
}
