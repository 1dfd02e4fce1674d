// The agent's stream (B7). All tabs of one browser share one connection: the tab that holds the lock leads, listens and
// passes on; when it closes, another takes over and resumes at the last number. Each tab follows the numbers by itself:
// seen before means skip, one too far means load the state anew.
const KINDS = [
  "call.ringing", "call.taken_back", "call.route", "call.chat", "call.answered", "call.held", "call.ended",
  "command.done", "presence",
];
const SILENCE_MS = 40_000; // the server says ping every 15 s
const LONGEST_PAUSE_MS = 10_000;

export class Stream extends EventTarget {
  #number = null;
  #source = null;
  #channel;
  #lock;
  #leading = false;
  #letGo = null;
  #heard = Date.now();
  #pause = 500;
  #retry = null;
  #over = false;

  constructor(agent) {
    super();
    this.#lock = `renkei-desk-${agent}`;
    this.#channel = new BroadcastChannel(this.#lock);
  }

  get leads() { return this.#leading; }

  start() {
    this.#channel.onmessage = ({ data }) => this.#hearTab(data);
    this.#channel.postMessage({ type: "hello" });
    this.#seek();
    setInterval(() => this.#watch(), 5_000);
    window.addEventListener("pagehide", () => this.#letGo?.());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    window.addEventListener("online", () => this.#leading && this.#connect());
  }

  // Something for the other tabs that is no event of the stream (which tab has the telephone, what it should do).
  tellTabs(message) { this.#channel.postMessage({ type: "tab", message }); }

  // ── who leads ──

  #seek(options = {}) {
    if (!navigator.locks) return this.#lead(); // without a secure context each tab listens for itself
    navigator.locks.request(this.#lock, options, () => {
      this.#lead();
      return new Promise((done) => { this.#letGo = done; });
    }).catch(() => {
      this.#follow(); // another tab took the lead away: this one was silent for too long
      this.#seek();
    });
  }

  #lead() {
    this.#leading = true;
    this.#emit("lead", true);
    this.#connect();
  }

  #follow() {
    this.#leading = false;
    this.#disconnect();
    this.#emit("lead", false);
  }

  #hearTab(data) {
    if (data.type === "tab") return this.#emit("tab", data.message);
    if (data.type === "hello") {
      if (this.#leading && this.#number !== null) this.#channel.postMessage({ type: "open", number: this.#number });
      return;
    }
    if (this.#leading) return;
    this.#heard = Date.now();
    this.#receive(data);
  }

  #watch() {
    if (this.#over || Date.now() - this.#heard < SILENCE_MS) return;
    this.#heard = Date.now();
    if (this.#leading) this.#connect();
    else this.#seek({ steal: true });
  }

  // ── the connection of the leading tab ──

  #connect() {
    this.#disconnect();
    if (this.#over) return;
    const source = new EventSource(this.#number === null ? "/events" : `/events?after=${this.#number}`);
    this.#source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.#pass({ type: "event", kind, number: Number(event.lastEventId), refs: JSON.parse(event.data) });
      });
    }
    for (const type of ["open", "reload"]) {
      source.addEventListener(type, (event) => {
        if (event.lastEventId) this.#pass({ type, number: Number(event.lastEventId) });
      });
    }
    source.addEventListener("ended", () => this.#pass({ type: "ended" }));
    source.addEventListener("ping", () => this.#pass({ type: "ping" }));
    source.onopen = () => {
      this.#pause = 500;
      this.#pass({ type: "ping" });
    };
    source.onerror = () => this.#lost(source);
  }

  #disconnect() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  // The browser reconnects by itself after a broken connection, but not after a refusal: then we do.
  #lost(source) {
    if (source !== this.#source) return;
    this.#pass({ type: "lost" });
    if (source.readyState !== EventSource.CLOSED) return;
    this.#retry = setTimeout(async () => {
      if (await this.#isSignedOut()) return this.#pass({ type: "ended" });
      this.#connect();
    }, this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  async #isSignedOut() {
    try {
      const answer = await fetch("/desk/state/", { headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
      return answer.status === 401 || answer.status === 403;
    } catch {
      return false;
    }
  }

  #pass(data) {
    this.#heard = Date.now();
    this.#channel.postMessage(data);
    this.#receive(data);
  }

  // ── what each tab makes of it ──

  #receive(data) {
    switch (data.type) {
      case "ping": return this.#emit("alive");
      case "lost": return this.#emit("lost");
      case "ended":
        this.#over = true;
        this.#disconnect();
        return this.#emit("ended");
      case "open":
        this.#emit("alive");
        if (this.#number !== null && data.number === this.#number) return;
        this.#number = data.number;
        return this.#emit("load");
      case "reload":
        this.#emit("alive");
        this.#number = data.number;
        return this.#emit("load");
      case "event":
        this.#emit("alive");
        if (this.#number === null || data.number <= this.#number) return;
        if (data.number !== this.#number + 1) {
          this.#number = data.number;
          return this.#emit("load");
        }
        this.#number = data.number;
        return this.#emit("happening", { kind: data.kind, refs: data.refs });
    }
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
