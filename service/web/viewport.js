// Where the photo lies in the view: view = photo * scale + offset, in CSS pixels.
const MAX_SCALE = 32;
const SMALLEST = 0.5; // of the scale at which the photo fits

export class Viewport {
  scale = 1;
  x = 0;
  y = 0;
  #view = { width: 1, height: 1 };
  #photo = { width: 1, height: 1 };
  #margin = 0;
  #fitted = true;

  /** A new photo: show all of it. */
  setPhoto({ width, height }) {
    this.#photo = { width, height };
    this.fit();
  }

  /** The view has another size: what fitted still fits, what was in the middle stays there. */
  setView({ width, height }, margin) {
    const dx = (width - this.#view.width) / 2;
    const dy = (height - this.#view.height) / 2;
    this.#view = { width, height };
    this.#margin = margin;
    if (this.#fitted) this.fit();
    else this.panBy(dx, dy);
  }

  fit() {
    this.scale = this.#fitScale();
    this.x = (this.#view.width - this.#photo.width * this.scale) / 2;
    this.y = (this.#view.height - this.#photo.height * this.scale) / 2;
    this.#fitted = true;
  }

  /** Zoom by a factor; the point of the photo under (x, y) stays there. */
  zoomAt(x, y, factor) {
    const smallest = this.#fitScale() * SMALLEST;
    const scale = Math.min(MAX_SCALE, Math.max(smallest, this.scale * factor));
    const ratio = scale / this.scale;
    this.scale = scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.#fitted = false;
    this.#clamp();
  }

  zoom(factor) {
    this.zoomAt(this.#view.width / 2, this.#view.height / 2, factor);
  }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#fitted = false;
    this.#clamp();
  }

  toPhoto(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  toView(x, y) {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  /** Pan as little as it takes to have a point of the photo in view. */
  reveal(point, room) {
    const { x, y } = this.toView(point.x, point.y);
    const beyond = (at, length) => Math.min(0, at - room) + Math.max(0, at + room - length);
    const dx = beyond(x, this.#view.width);
    const dy = beyond(y, this.#view.height);
    if (dx || dy) this.panBy(-dx, -dy);
  }

  #fitScale() {
    const width = Math.max(1, this.#view.width - 2 * this.#margin);
    const height = Math.max(1, this.#view.height - 2 * this.#margin);
    return Math.min(MAX_SCALE, width / this.#photo.width, height / this.#photo.height);
  }

  /** The middle of the view never leaves the photo. */
  #clamp() {
    const within = (offset, view, photo) =>
      Math.min(view / 2, Math.max(view / 2 - photo * this.scale, offset));
    this.x = within(this.x, this.#view.width, this.#photo.width);
    this.y = within(this.y, this.#view.height, this.#photo.height);
  }
}
