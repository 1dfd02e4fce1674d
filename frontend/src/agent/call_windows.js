// The windows of one call (R85 to R89): notice and route open together, the chat when it is loaded, and nothing waits
// for it. A fetch that fails, or is not there five seconds after ringing, opens the chat window with R131.
import { fill, getFragment, RefusedError } from "./asking.js";
import { script } from "./script.js";

const CHAT_DEADLINE_MS = 5_000;
const AGAIN_MS = 2_000;

export class CallWindows {
  stage = null;
  line = ""; // the telephone line's own id of the call, by which a browser's telephone knows it
  isMuted = false;
  #root;
  #asked = { notice: 0, route: 0, chat: 0 };
  #shown = { notice: 0, route: 0, chat: 0 };
  #waitsIn = null;
  #expectsChat = script.showChat;
  #hasChat = false;
  #deadline = null;
  #again = null;
  #onStage;

  constructor(call, place, onStage) {
    this.call = call;
    this.#onStage = onStage;
    this.#root = document.getElementById("call-template").content.firstElementChild.cloneNode(true);
    this.#root.dataset.call = call;
    this.#root.addEventListener("copy", (event) => {
      if (event.target.closest?.(".desk-chat") && !this.#root.querySelector(".chat.may-copy")) event.preventDefault();
    });
    place.prepend(this.#root);
    this.loadNotice();
    this.loadRoute();
    this.loadChat();
    this.#deadline = setTimeout(() => this.#chatIsLate(), CHAT_DEADLINE_MS);
  }

  get caller() { return this.#root.querySelector("[data-caller]")?.textContent ?? ""; }

  get element() { return this.#root; }

  async loadNotice() {
    clearTimeout(this.#again);
    const turn = this.#ask("notice");
    try {
      const { body } = await getFragment(this.#address("notice"));
      if (!this.#mayShow("notice", turn)) return;
      fill(this.#body("notice"), body);
      const notice = this.#body("notice").querySelector("[data-stage]");
      this.stage = notice.dataset.stage;
      this.line = notice.dataset.line;
      this.#root.dataset.stage = this.stage;
      this.#expectsChat = notice.dataset.popup === "yes";
      this.showMuted(this.isMuted && (this.stage === "talking" || this.stage === "held"));
      if (this.#waitsIn === this.stage) this.#rest(true);
      else this.#waitsIn = null;
      this.#onStage(this, notice.dataset);
    } catch (error) {
      if (!this.#isNewest("notice", turn)) return;
      if (error instanceof RefusedError && error.status === 404) return this.#onStage(this, { stage: "over" });
      this.#again = setTimeout(() => this.loadNotice(), AGAIN_MS);
    }
  }

  async loadRoute() {
    const turn = this.#ask("route");
    try {
      const { body } = await getFragment(this.#address("route"));
      if (this.#mayShow("route", turn)) fill(this.#body("route"), body);
    } catch {
      if (this.#isNewest("route", turn)) setTimeout(() => this.loadRoute(), AGAIN_MS);
    }
  }

  async loadChat() {
    const turn = this.#ask("chat");
    try {
      const { status, body } = await getFragment(this.#address("chat"));
      if (!this.#mayShow("chat", turn)) return;
      if (status === 202) return; // the look-up still runs; the stream tells when it is done
      clearTimeout(this.#deadline);
      if (status === 204) return this.#root.querySelector('[data-window="chat"]')?.remove();
      fill(this.#chatBody(), body);
      this.#hasChat = true;
    } catch {
      if (this.#isNewest("chat", turn) && this.#expectsChat) this.#chatFailed();
    }
  }

  showMuted(isMuted) {
    this.isMuted = isMuted;
    const badge = this.#root.querySelector("[data-muted]");
    if (badge) badge.hidden = !isMuted;
    this.#root.querySelector('[data-do="mute"]')?.setAttribute("aria-pressed", String(isMuted));
  }

  // After a click the buttons rest until the stage changes or the command is done; a reload alone does not wake them.
  wait(isWaiting) {
    this.#waitsIn = isWaiting ? this.stage : null;
    this.#rest(isWaiting);
  }

  #rest(isWaiting) {
    for (const button of this.#root.querySelectorAll(".notice-buttons button")) button.disabled = isWaiting;
  }

  // Only ever asked for by a shortcut: windows never take the focus from somebody who types.
  takeFocus() { (this.#root.querySelector(".notice-buttons button") ?? this.#root.querySelector("[tabindex]"))?.focus(); }

  close() {
    clearTimeout(this.#deadline);
    clearTimeout(this.#again);
    for (const part of Object.keys(this.#asked)) this.#shown[part] = Infinity; // what still comes is not shown
    this.#root.remove();
  }

  // Answers may overtake each other: one is shown unless a newer one is already, so that none waits for the next.
  #ask(part) { return ++this.#asked[part]; }

  #mayShow(part, turn) {
    if (turn <= this.#shown[part]) return false;
    this.#shown[part] = turn;
    return true;
  }

  #isNewest(part, turn) { return turn === this.#asked[part] && turn > this.#shown[part]; }

  #chatIsLate() { if (this.#expectsChat && !this.#hasChat) this.#chatFailed(); }

  #chatFailed() {
    if (this.#hasChat) return; // what is shown stays; a stale chat is better than none
    const body = this.#chatBody();
    body.replaceChildren(document.getElementById("chat-error-template").content.cloneNode(true));
    body.querySelector("[data-again]").addEventListener("click", () => this.loadChat());
  }

  #chatBody() {
    if (!this.#root.querySelector('[data-window="chat"]')) {
      this.#root.append(document.getElementById("chat-template").content.firstElementChild.cloneNode(true));
    }
    return this.#body("chat");
  }

  #body(name) { return this.#root.querySelector(`[data-window="${name}"] [data-body]`); }

  #address(part) { return `/desk/calls/${this.call}/${part}/`; }
}
