// Undo and redo over values that are never changed, only replaced.
export class History {
  #past = [];
  #future = [];

  constructor(present) {
    this.present = present;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** The value before the present one; undefined where there is none. */
  get before() {
    return this.#past.at(-1);
  }

  push(value) {
    this.#past.push(this.present);
    this.#future = [];
    this.present = value;
  }

  /** Have another value in the place of the present one. */
  replace(value) {
    this.#future = [];
    this.present = value;
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.present);
    this.present = this.#past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.present);
    this.present = this.#future.pop();
  }

  /** Forget the oldest values until no more than `most` different ones by `key` are left behind. */
  forget(most, key) {
    const kept = new Set();
    const from = this.#past.findLastIndex((value) => kept.add(key(value)).size > most);
    this.#past.splice(0, from + 1);
  }
}
