// The desk: what the stream tells becomes windows. The server's state is the truth; every doubt ends in loading it anew.
import { hideAlert, say, showAlert } from "./alerts.js";
import { fill, getFragment, getJson, post, RefusedError } from "./asking.js";
import { CallWindows } from "./call_windows.js";
import { askCall } from "./line.js";
import { notify, offerNotifications, unnotify } from "./notifying.js";
import { script, words } from "./script.js";
import { Stream } from "./stream.js";
import { Tone } from "./tone.js";

const LOST_MS = 3_000;
const AGAIN_MS = 1_500;
const TEN_SECONDS = 10_000;

// A ring must not lie hidden: whatever dialog covers the page closes. Its keys must not fall on a button either, so the
// focus goes to the page itself, where a letter or a space does nothing.
function uncover() {
  const covering = document.querySelectorAll("dialog[open]");
  for (const dialog of covering) dialog.close();
  if (covering.length) document.getElementById("main").focus({ preventScroll: true });
}

export class Desk {
  #calls = new Map();
  #stream = new Stream(script.agent);
  #tone = new Tone();
  #place = document.getElementById("desk-calls");
  #happenings = 0;
  #lost = null;
  #phone;
  #waits = new Map();

  constructor(phone) { this.#phone = phone; }

  start() {
    const on = (name, what) => this.#stream.addEventListener(name, (event) => what(event.detail));
    on("load", () => this.#load());
    on("happening", (happening) => this.#hear(happening));
    on("alive", () => this.#alive());
    on("lost", () => this.#mayBeLost());
    on("ended", () => this.#ended());
    on("lead", (leads) => this.#lead(leads));
    on("tab", (message) => this.#hearTab(message));
    offerNotifications(document.getElementById("desk-allow"));
    this.#place.addEventListener("click", (event) => this.#click(event));
    document.getElementById("desk-presence").addEventListener("click", (event) => this.#choosePresence(event));
    window.addEventListener("beforeunload", (event) => { if (this.#phone.isTalking) event.preventDefault(); });
    this.#stream.start();
  }

  // ── shortcuts ──

  answer() { this.#doFirst("ringing", "accept"); }

  hangUp() { this.#doFirst("talking", "hang_up") || this.#doFirst("held", "hang_up"); }

  mute() { this.#doFirst("talking", "mute"); }

  jump() { [...this.#calls.values()].at(-1)?.takeFocus(); }

  #doFirst(stage, deed) {
    const call = [...this.#calls.values()].find((each) => each.stage === stage);
    if (call) this.#do(call, deed);
    return Boolean(call);
  }

  // ── the stream ──

  #hear({ kind, refs }) {
    this.#happenings += 1;
    const call = this.#calls.get(refs.call);
    switch (kind) {
      case "call.ringing": return this.#open(refs.call);
      case "call.taken_back": return this.#takeBack(call, refs);
      case "call.route": return call?.loadRoute();
      case "call.chat": return call?.loadChat();
      case "call.answered": return this.#open(refs.call).loadNotice();
      case "call.held": return call?.loadNotice();
      case "call.ended": return this.#over(call);
      case "command.done": return this.#commandDone(call, refs);
      case "presence": return this.#load({ isAnew: false }); // another tab may have finished a call
    }
  }

  #open(call) {
    let windows = this.#calls.get(call);
    if (!windows) {
      windows = new CallWindows(call, this.#place, (changed, notice) => this.#staged(changed, notice));
      this.#calls.set(call, windows);
      this.#showIdle();
    }
    return windows;
  }

  #close(call) {
    const windows = this.#calls.get(call);
    if (!windows) return;
    this.#calls.delete(call);
    windows.close();
    unnotify(call);
    this.#soundAsNeeded();
    this.#showIdle();
  }

  #takeBack(windows, refs) {
    if (windows && windows.stage !== "talking" && windows.stage !== "held") this.#close(refs.call);
    if (refs.why === "no_answer") showAlert("missed", words.missed);
    this.#refreshToday();
  }

  #over(windows) {
    windows?.loadNotice();
    this.#refreshToday();
  }

  #staged(windows, { stage }) {
    if (stage === "over") return this.#close(windows.call);
    if (stage !== "ringing") unnotify(windows.call);
    else if (!windows.announced) {
      windows.announced = true;
      uncover();
      say(`${words.incomingFrom} ${windows.caller}`);
      if (this.#stream.leads) notify(windows.call, windows.caller);
    }
    this.#soundAsNeeded();
  }

  #soundAsNeeded() {
    const rings = [...this.#calls.values()].some((call) => call.stage === "ringing");
    if (rings && script.playTone && this.#stream.leads) this.#tone.start();
    else this.#tone.stop();
    document.documentElement.classList.toggle("is-ringing", rings);
  }

  #commandDone(windows, refs) {
    clearTimeout(this.#waits.get(refs.call));
    windows?.wait(false);
    if (refs.error) this.#explain(refs.error);
    windows?.loadNotice();
  }

  async #explain(code) {
    try {
      const { body } = await getFragment(`/desk/sentences/${encodeURIComponent(code)}/`);
      showAlert("command", body);
    } catch {
      showAlert("command", words.notDone);
    }
  }

  // ── the state ──

  // ``isAnew``: everything shown may be old, so each window is loaded again; else only what is up is compared.
  async #load({ isAnew = true } = {}) {
    for (;;) {
      const before = this.#happenings;
      try {
        const state = await getJson("/desk/state/");
        if (before !== this.#happenings) continue; // something happened meanwhile: what we hold may be older
        this.#apply(state, isAnew);
        break;
      } catch (error) {
        if (error instanceof RefusedError && (error.status === 401 || error.status === 403)) return this.#ended();
        await new Promise((later) => setTimeout(later, AGAIN_MS));
      }
    }
    this.#refreshPresence();
    this.#refreshToday();
  }

  #apply(state, isAnew) {
    const up = new Set(state.calls.map((call) => call.id));
    for (const call of [...this.#calls.keys()]) if (!up.has(call)) this.#close(call);
    for (const { id } of state.calls) {
      const known = this.#calls.get(id);
      if (!known) this.#open(id);
      else if (isAnew) for (const part of ["loadNotice", "loadRoute", "loadChat"]) known[part]();
    }
    this.#showIdle();
  }

  async #refreshPresence() {
    const { body } = await getFragment("/desk/presence/").catch(() => ({}));
    if (!body) return;
    const place = document.getElementById("desk-presence");
    fill(place, body);
    if (place.querySelector("[data-presence]").dataset.presence === "available") hideAlert("missed");
  }

  async #refreshToday() {
    const { body } = await getFragment("/desk/today/").catch(() => ({}));
    if (body) fill(document.getElementById("desk-today"), body);
  }

  #showIdle() { document.getElementById("desk-idle").hidden = this.#calls.size > 0; }

  // ── what the person does ──

  #click(event) {
    const button = event.target.closest("[data-do]");
    const root = event.target.closest("[data-call]");
    if (button && root) this.#do(this.#calls.get(Number(root.dataset.call)), button.dataset.do);
  }

  async #do(windows, deed) {
    hideAlert("command");
    if (deed === "mute") return this.#toggleMute(windows);
    windows.wait(true);
    // Whatever becomes of it, the buttons do not stay dead.
    clearTimeout(this.#waits.get(windows.call));
    this.#waits.set(windows.call, setTimeout(() => {
      windows.wait(false);
      windows.loadNotice();
    }, TEN_SECONDS));
    try {
      await this.#carryOut(windows, deed);
      if (deed === "finish") this.#close(windows.call);
    } catch (error) {
      windows.wait(false);
      showAlert("command", error instanceof RefusedError && error.message ? error.message : words.notDone, { colour: "danger" });
      windows.loadNotice();
    }
  }

  #carryOut({ call, line }, deed) {
    const byPhone = { accept: "accept", decline: "decline", hang_up: "hangUp" }[deed];
    if (byPhone && this.#stream.leads) return this.#phone[byPhone](call, line);
    if (byPhone && script.line === "sip") return this.#stream.tellTabs({ deed: byPhone, call });
    return deed === "finish" ? post(`/desk/calls/${call}/finish/`) : askCall(call, deed);
  }

  #toggleMute(windows) {
    if (!this.#stream.leads) return this.#stream.tellTabs({ deed: "toggleMute", call: windows.call });
    const isMuted = !windows.isMuted;
    this.#phone.mute(isMuted);
    windows.showMuted(isMuted);
    this.#stream.tellTabs({ muted: isMuted, call: windows.call });
  }

  // The tab with the telephone does what another tab's button asked.
  async #hearTab({ deed, call, muted, failed }) {
    const windows = this.#calls.get(call);
    if (muted !== undefined) return windows?.showMuted(muted);
    if (failed) return showAlert("command", failed, { colour: "danger" });
    if (!this.#stream.leads || !windows) return;
    if (deed === "toggleMute") return this.#toggleMute(windows);
    try {
      await this.#phone[deed](call, windows.line);
    } catch (error) {
      this.#stream.tellTabs({ failed: error.message || words.notDone, call });
    }
  }

  async #choosePresence(event) {
    const button = event.target.closest("[data-presence-choice]");
    if (!button) return;
    try {
      fill(document.getElementById("desk-presence"), await post("/desk/presence/", { state: button.dataset.presenceChoice }));
      hideAlert("missed");
    } catch (error) {
      showAlert("command", error instanceof RefusedError ? error.message : words.notDone, { colour: "danger" });
    }
  }

  // ── the connection ──

  #lead(leads) {
    if (leads) this.#phone.start();
    else this.#phone.stop();
    if (!leads && script.line === "sip") this.#phone.tell?.("elsewhere");
    this.#soundAsNeeded();
  }

  #alive() {
    clearTimeout(this.#lost);
    this.#lost = null;
    hideAlert("lost");
  }

  #mayBeLost() { this.#lost ??= setTimeout(() => showAlert("lost", words.disconnected), LOST_MS); }

  #ended() {
    this.#tone.stop();
    this.#phone.stop();
    hideAlert("lost");
    showAlert("ended", words.signedOut, { colour: "danger", link: { href: "/accounts/login/?next=/desk/", text: words.signIn } });
    for (const call of [...this.#calls.keys()]) this.#close(call); // nothing personal stays on an unattended screen
  }
}
