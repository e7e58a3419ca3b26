// The engine's one alarm clock.

/** The longest that `setTimeout` can wait. */
const LONGEST = 0x7fff_ffff;

export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at this time (milliseconds since the Unix epoch) and at no other; `undefined`: never. */
  set(at: number | undefined): void {
    clearTimeout(this.#timer);
    if (at === undefined) return;
    const wait = Math.min(Math.max(at - Date.now(), 0), LONGEST);
    this.#timer = setTimeout(() => {
      if (Date.now() < at) this.set(at);
      else this.#ring();
    }, wait);
  }
}
