// The ringing tone of a Japanese telephone (400 Hz at 16 Hz, one second on, two off), made by the browser: no file.
export class Tone {
  #context = null;
  #beat = null;

  constructor() {
    // A browser lets a page sound only after the person has touched it once.
    const wake = () => this.#ready()?.resume();
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, wake, { once: true });
  }

  get isSounding() { return this.#beat !== null; }

  start() {
    if (this.#beat !== null || !this.#ready()) return;
    const once = () => this.#ring();
    once();
    this.#beat = setInterval(once, 3000);
  }

  stop() {
    clearInterval(this.#beat);
    this.#beat = null;
  }

  #ready() {
    if (!this.#context && window.AudioContext) this.#context = new AudioContext();
    return this.#context;
  }

  #ring() {
    const context = this.#context;
    if (context.state !== "running") return;
    const [sound, wave, depth, loudness] = [
      context.createOscillator(), context.createOscillator(), context.createGain(), context.createGain(),
    ];
    sound.frequency.value = 400;
    wave.frequency.value = 16;
    depth.gain.value = 0.06;
    loudness.gain.value = 0.07;
    wave.connect(depth).connect(loudness.gain);
    sound.connect(loudness).connect(context.destination);
    for (const oscillator of [sound, wave]) {
      oscillator.start();
      oscillator.stop(context.currentTime + 1);
    }
  }
}
