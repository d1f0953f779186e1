// The line between before and after. Its place is a share of the photo's width, 0 to 1.
const STEP = 0.02;
const BIG_STEP = 0.1;
const SWEEP_MS = 700;

export class Compare extends EventTarget {
  #share = 0.5;
  #handle;
  #editor;

  /** The handle is an element with role="slider"; the editor knows where the photo lies. */
  constructor(handle, editor) {
    super();
    this.#handle = handle;
    this.#editor = editor;
    handle.addEventListener('keydown', (event) => this.#onKey(event));
    handle.addEventListener('pointerdown', (event) => {
      handle.setPointerCapture(event.pointerId);
      event.stopPropagation(); // not a stroke, not a pan
    });
    handle.addEventListener('pointermove', (event) => {
      if (handle.hasPointerCapture(event.pointerId)) this.share = this.#editor.shareAt(event);
    });
  }

  get share() {
    return this.#share;
  }

  set share(value) {
    this.#share = Math.min(1, Math.max(0, value));
    const percent = Math.round(this.#share * 100);
    this.#handle.setAttribute('aria-valuenow', percent);
    this.#handle.setAttribute('aria-valuetext', `${percent} % before, ${100 - percent} % after`);
    this.dispatchEvent(new Event('change'));
  }

  /** Draw the line from the right edge to its place, so that the result is seen appearing. */
  async sweepTo(share) {
    const start = performance.now();
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (let done = still ? 1 : 0; ; done = Math.min(1, (performance.now() - start) / SWEEP_MS)) {
      this.share = 1 + (share - 1) * (1 - (1 - done) ** 3);
      if (done === 1 || this.#handle.offsetParent === null) return;
      await new Promise(requestAnimationFrame);
      if (this.#handle.matches(':active')) return; // taken in hand
    }
  }

  #onKey(event) {
    const moves = {
      ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP,
      PageDown: -BIG_STEP, PageUp: BIG_STEP, Home: -1, End: 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.share += moves[event.key];
  }
}
