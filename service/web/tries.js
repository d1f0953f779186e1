// Several results of one mask: each can be gone back to, and none is painted for anew.
const KEPT_PIXELS = 200e6; // of all results of a mask; of large photos fewer are kept
const LEAST = 4;
const MOST = 12;

// Without texture each model has so many; with it no two are alike.
const FILLS = 8;
const NO_MORE = 'Without texture a model has no more than eight.';

/** The results of one mask, each a photo of photo.js, from the earliest to the latest. */
export class Tries {
  #photos;
  #made = new Map(); // how many each model made, also of those that are no longer kept

  constructor(photo) {
    this.#photos = [photo];
    this.#count(photo);
  }

  get count() {
    return this.#photos.length;
  }

  /** The seed of a model's try to come; its first one has 0. Undefined: the service's own model. */
  nextSeed(model) {
    return this.#made.get(model) ?? 0;
  }

  add(photo) {
    this.#photos.push(photo);
    this.#count(photo);
    const { width, height } = photo.bitmap;
    const most = Math.min(MOST, Math.max(LEAST, Math.floor(KEPT_PIXELS / (width * height))));
    this.#photos = this.#photos.slice(-most);
  }

  #count({ recipe }) {
    const { model } = recipe.options;
    this.#made.set(model, this.nextSeed(model) + 1);
  }

  /** Which one a photo is, from 1 on; 0 if it is no longer kept. */
  placeOf(photo) {
    return this.#photos.indexOf(photo) + 1;
  }

  /** The one so many after a photo; undefined where there is none. */
  after(photo, step) {
    return this.#photos[this.#photos.indexOf(photo) + step];
  }
}

/** Show which try a result is, and whether there can be another by the model chosen now. */
export function showTries(photo, chosen) {
  const { tries, texture, model } = photo;
  const why = texture !== 'on' && tries.nextSeed(chosen) >= FILLS ? NO_MORE : '';
  const bar = document.querySelector('.tries');
  bar.querySelector('[role=group]').hidden = tries.count < 2;
  const by = model ? `, ${model}` : '';
  bar.querySelector('.count').textContent = `${tries.placeOf(photo)} of ${tries.count}${by}`;
  bar.querySelector('[data-do=earlier]').disabled = !tries.after(photo, -1);
  bar.querySelector('[data-do=later]').disabled = !tries.after(photo, 1);
  bar.querySelector('[data-do=again]').hidden = Boolean(why);
  bar.querySelector('p').textContent = why;
  bar.querySelector('p').hidden = !why;
}
