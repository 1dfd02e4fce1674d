// One softphone, two engines: on the simulator every button is a request to the server; with a telephone system the
// browser itself is the telephone (sip_phone.js) and the server hears of it from the line.
import { post } from "./asking.js";

export const askCall = (call, kind) => post(`/desk/calls/${call}/ask/${kind}/`);

export class SimulatedPhone {
  async start() { /* nothing to connect */ }

  stop() { /* nothing to leave */ }

  accept(call) { return askCall(call, "accept"); }

  decline(call) { return askCall(call, "decline"); }

  hangUp(call) { return askCall(call, "hang_up"); }

  mute() { /* nobody hears a simulated agent */ }
}
