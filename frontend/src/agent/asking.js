// Requests to the server: fragments and commands. A refusal carries its sentence, which is shown as it is.
import { script, words } from "./script.js";

export class RefusedError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

// The fragment's HTML and status. Throws RefusedError for what the server refuses, anything else when it is away.
export async function getFragment(address, { signal } = {}) {
  const answer = await fetch(address, { signal, headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
  const body = await answer.text();
  if (!answer.ok) throw new RefusedError(answer.status, body);
  return { status: answer.status, body };
}

export async function getJson(address) {
  const { body } = await getFragment(address);
  return JSON.parse(body);
}

export async function post(address, fields = {}) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": script.csrf },
    body: new URLSearchParams(fields),
    cache: "no-store",
  });
  const body = await answer.text();
  if (!answer.ok) throw new RefusedError(answer.status, answer.status < 500 ? body : words.notDone);
  return body;
}

// Put a fragment's HTML into a place; what had the focus in it keeps it.
export function fill(place, html) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const mark = focused && (focused.dataset.do ? `[data-do="${focused.dataset.do}"]` : focused.dataset.presenceChoice ? `[data-presence-choice="${focused.dataset.presenceChoice}"]` : null);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  place.replaceChildren(...document.adoptNode(parsed.body).childNodes);
  if (focused) (place.querySelector(mark ?? "button, a") ?? place.closest("[data-window]")?.querySelector("[tabindex]"))?.focus();
}
