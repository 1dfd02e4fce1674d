// <renkei-timer since="…" now="…">: the time since a moment, by the server's clock, as a telephone shows it.
class RenkeiTimer extends HTMLElement {
  #tick = null;
  #began = null;

  connectedCallback() {
    const since = Date.parse(this.getAttribute("since"));
    const now = Date.parse(this.getAttribute("now"));
    // Once: an element that is moved within the page goes on counting.
    const began = this.#began ??= performance.now() - Math.max(0, now - since);
    const show = () => {
      const seconds = Math.max(0, Math.floor((performance.now() - began) / 1000));
      const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      const tail = String(rest).padStart(2, "0");
      this.textContent = hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
    };
    show();
    this.#tick = setInterval(show, 1000);
  }

  disconnectedCallback() { clearInterval(this.#tick); }
}

customElements.define("renkei-timer", RenkeiTimer);
