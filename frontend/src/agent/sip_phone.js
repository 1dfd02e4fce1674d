// The browser as a telephone: JsSIP over WebSocket, for one tab at a time. Credentials come from the server and are kept
// nowhere but in memory.
import JsSIP from "jssip";
import { post, RefusedError } from "./asking.js";
import { askCall } from "./line.js";
import { words } from "./script.js";

const AGAIN_MS = [2_000, 5_000, 10_000];
const RING_MAY_BE_LATE_MS = 3_000;
const GATHERING_MS = 1_000;

export class SipPhone {
  #ua = null;
  #sessions = new Map();
  #audio;
  #tell;
  #tries = 0;
  #retry = null;
  #waiting = [];
  #stopped = true;

  constructor({ audio, tell }) {
    this.#audio = audio;
    this.#tell = tell; // (state: "connecting" | "ready" | "failed")
    JsSIP.debug.disable();
  }

  async start() {
    this.#stopped = false;
    this.#tell("connecting");
    try {
      this.#connect(JSON.parse(await post("/desk/phone/")));
    } catch {
      this.#later(() => this.start());
    }
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#ua?.stop();
    this.#ua = null;
    this.#sessions.clear();
  }

  get isTalking() { return [...this.#sessions.values()].some((session) => session.isEstablished()); }

  async accept(_call, line) {
    const session = await this.#sessionOf(line);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
    } catch (error) {
      const isMissing = error.name === "NotFoundError" || error.name === "DevicesNotFoundError";
      throw new RefusedError(0, isMissing ? words.microphoneMissing : words.microphoneRefused);
    }
    session.on("ended", () => stop(stream));
    session.on("failed", () => stop(stream));
    session.answer({ mediaStream: stream, mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
  }

  async decline(call, line) {
    const session = this.#find(line);
    if (session) session.terminate({ status_code: 603 });
    else await askCall(call, "decline");
  }

  async hangUp(call, line) {
    const session = this.#find(line);
    if (session?.isEstablished()) session.terminate();
    else await askCall(call, "hang_up"); // after a reload the telephone is gone, the call perhaps not yet
  }

  mute(isMuted) {
    for (const session of this.#sessions.values()) {
      if (isMuted) session.mute({ audio: true });
      else session.unmute({ audio: true });
    }
  }

  #connect({ server, user, password, name }) {
    if (this.#stopped) return;
    this.#ua?.stop();
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(server)],
      uri: `sip:${user}@${new URL(server).hostname}`,
      authorization_user: user,
      password,
      display_name: name,
      register_expires: 120,
      session_timers: false,
      user_agent: "Renkei",
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    this.#ua = ua;
    ua.on("registered", () => {
      this.#tries = 0;
      this.#tell("ready");
    });
    ua.on("disconnected", () => ua === this.#ua && this.#tell("connecting"));
    ua.on("unregistered", () => ua === this.#ua && this.#later(() => ua.register()));
    ua.on("registrationFailed", (event) => ua === this.#ua && this.#refused(ua, event));
    ua.on("newRTCSession", ({ session, request }) => {
      if (session.direction === "incoming") this.#rung(session, request);
    });
    ua.start();
  }

  // JsSIP leaves a refused registration alone. After a restart the telephone system knows nobody until we are pushed to
  // it again, and after a new sign-in elsewhere the password is another: ask for it anew, then register.
  #refused(ua, event) {
    this.#tell("failed");
    const isForbidden = [401, 403, 404].includes(event.response?.status_code);
    const isStale = isForbidden && this.#tries > 0 && this.#sessions.size === 0;
    this.#later(() => (isStale ? this.start() : ua.register()));
  }

  #later(what) {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(what, AGAIN_MS[Math.min(this.#tries, AGAIN_MS.length - 1)]);
    this.#tries += 1;
  }

  #rung(session, request) {
    const line = request.getHeader("X-Renkei-Call") ?? session.id;
    this.#sessions.set(line, session);
    const forget = () => this.#sessions.delete(line);
    session.on("ended", forget);
    session.on("failed", forget);
    quicken(session);
    const listen = (connection) => connection.addEventListener("track", ({ streams }) => { this.#audio.srcObject = streams[0]; });
    if (session.connection) listen(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => listen(peerconnection));
    for (const arrived of this.#waiting.splice(0)) arrived();
  }

  async #sessionOf(line) {
    if (!this.#find(line)) {
      // The stream may tell of a ring before the telephone does.
      await Promise.race([
        new Promise((arrived) => this.#waiting.push(arrived)),
        new Promise((late) => setTimeout(late, RING_MAY_BE_LATE_MS)),
      ]);
    }
    const session = this.#find(line);
    if (!session) throw new RefusedError(0, words.phoneFailed);
    return session;
  }

  #find(line) { return this.#sessions.get(line) ?? (this.#sessions.size === 1 ? [...this.#sessions.values()][0] : undefined); }
}

// Chromium gathers candidates for 140 ms; the first usable one is enough (12 ms), and a second is the limit.
function quicken(session) {
  let gathering = null;
  session.on("icecandidate", ({ candidate, ready }) => {
    // A name ending in .local hides an address the telephone system cannot look up: wait for a better one.
    if (candidate.address && !candidate.address.endsWith(".local")) {
      clearTimeout(gathering);
      ready();
    } else {
      gathering ??= setTimeout(ready, GATHERING_MS);
    }
  });
}

function stop(stream) { for (const track of stream.getTracks()) track.stop(); }
