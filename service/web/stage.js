// What is drawn: the photo or photo and result, what is painted over them, and the brush.
import { drawStroke, drawStrokes } from './strokes.js';

const PIXELS_SHOW_FROM = 3; // zoomed in this far, pixels are squares

export class Stage {
  #root;
  #photos;
  #mask;
  #cursor;
  #viewport;
  #photo = null;

  /** The root holds two canvases and the cursor; the viewport says where the photo lies. */
  constructor(root, viewport) {
    this.#root = root;
    [this.#photos, this.#mask] = root.querySelectorAll('canvas');
    this.#cursor = root.querySelector('.cursor');
    this.#viewport = viewport;
  }

  resize(width, height) {
    for (const canvas of [this.#photos, this.#mask]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
  }

  /** Draw a photo; left of a share of its width another one, if one is given. */
  drawPhoto(photo, before = null, share = 0) {
    this.#photo = photo;
    const context = this.#blank(this.#photos);
    if (!photo) return;
    const { width, height } = photo;
    context.imageSmoothingEnabled = this.#viewport.scale < PIXELS_SHOW_FROM;
    context.imageSmoothingQuality = 'high';
    context.drawImage(photo, 0, 0);
    if (!before) return;
    context.beginPath();
    context.rect(0, 0, width * share, height);
    context.clip();
    context.clearRect(0, 0, width, height);
    context.drawImage(before, 0, 0);
  }

  drawMask(strokes) {
    const context = this.#blank(this.#mask);
    if (this.#photo) drawStrokes(context, strokes, this.#colour);
  }

  /** Draw only what is new of a stroke under way. */
  drawOn(stroke, index) {
    const context = this.#mask.getContext('2d');
    this.#transform(context);
    context.fillStyle = context.strokeStyle = this.#colour;
    drawStroke(context, stroke, index);
    context.restore();
  }

  /** Show the brush at a point of the photo, so many pixels of the screen wide; null hides it. */
  moveCursor(point, size) {
    this.#cursor.hidden = !point;
    if (!point) return;
    const { x, y } = this.#viewport.toView(point.x, point.y);
    Object.assign(this.#cursor.style, {
      width: `${size}px`,
      height: `${size}px`,
      transform: `translate(${x - size / 2}px, ${y - size / 2}px)`,
    });
  }

  #blank(canvas) {
    const context = canvas.getContext('2d');
    context.reset?.();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.#transform(context);
    return context;
  }

  /** From here on the context draws in pixels of the photo, and only inside of it. */
  #transform(context) {
    context.save();
    const { scale, x, y } = this.#viewport;
    const ratio = devicePixelRatio;
    context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
    if (!this.#photo) return;
    context.beginPath();
    context.rect(0, 0, this.#photo.width, this.#photo.height);
    context.clip();
  }

  get #colour() {
    return getComputedStyle(this.#root).getPropertyValue('--mask');
  }
}
