// The canvas: the photo, the painted hole over it, the brush, and what pointers and keys do there.
import { History } from './history.js';
import { listen } from './pointers.js';
import { drawStroke, drawStrokes, leftOf, marksAnything, maskOf } from './strokes.js';
import { Viewport } from './viewport.js';

export const SIZES = { min: 4, max: 160, step: 1.25 };
const MARGIN = 16;
const ZOOM_STEP = 1.25;
const PIXELS_SHOW_FROM = 3; // zoomed in this far, pixels are squares

/**
 * Tells `change` when anything that a toolbar shows has changed, `view` when the photo has moved.
 * `tool` is 'brush', 'eraser' or 'hand'; `size` the brush's diameter on the screen.
 */
export class Editor extends EventTarget {
  tool = 'brush';
  size = 36;
  #root;
  #photoCanvas;
  #maskCanvas;
  #cursor;
  #viewport = new Viewport();
  #history = new History([]);
  #photo = null;
  #result = null;
  #share = 0.5;
  #stroke = null;
  #brush = null; // where the brush is, in the photo
  #locked = false;

  constructor(root) {
    super();
    this.#root = root;
    [this.#photoCanvas, this.#maskCanvas] = root.querySelectorAll('canvas');
    this.#cursor = root.querySelector('.cursor');
    new ResizeObserver(() => this.#resize()).observe(root);
    listen(root, this);
    root.addEventListener('keydown', (event) => this.#onKey(event));
  }

  // --- what is shown

  /** Begin with a photo; without one the editor is empty. */
  open(photo) {
    this.#photo = photo;
    this.#result = null;
    this.#history = new History([]);
    this.#brush = null;
    if (photo) this.#viewport.setPhoto(photo);
    this.#redraw();
  }

  /** Show a result beside the photo, divided at a share of its width; null: the photo alone. */
  compare(result, share = 0.5) {
    this.#result = result;
    this.#share = share;
    this.#redraw();
  }

  /** A locked editor can be looked at but not painted on. */
  set locked(locked) {
    this.#locked = locked;
    this.hover(null);
  }

  /** Where a pointer is, as a share of the photo's width. */
  shareAt(event) {
    const x = event.clientX - this.#root.getBoundingClientRect().left;
    return this.#viewport.toPhoto(x, 0).x / this.#photo.width;
  }

  /** Where the line between before and after lies in the view: { left, top, height }. */
  get divider() {
    const { clientWidth, clientHeight } = this.#root;
    const within = (value, length) => Math.min(length, Math.max(0, value));
    const start = this.#viewport.toView(this.#photo.width * this.#share, 0);
    const end = this.#viewport.toView(0, this.#photo.height);
    const top = within(start.y, clientHeight);
    return {
      left: within(start.x, clientWidth),
      top,
      height: within(end.y, clientHeight) - top,
    };
  }

  // --- the hole

  get isMarked() {
    return marksAnything(this.#history.present);
  }

  get canUndo() {
    return this.#history.canUndo && !this.#locked;
  }

  get canRedo() {
    return this.#history.canRedo && !this.#locked;
  }

  undo() {
    if (this.canUndo) this.#history.undo();
    this.#redraw();
  }

  redo() {
    if (this.canRedo) this.#history.redo();
    this.#redraw();
  }

  clear() {
    if (this.isMarked) this.#history.push([]);
    this.#redraw();
  }

  /** Where the hole begins on the left, as a share of the photo's width. */
  get holeStart() {
    return leftOf(this.#history.present) / this.#photo.width;
  }

  mask() {
    return maskOf(this.#history.present, this.#photo);
  }

  // --- zoom

  get zoomPercent() {
    return Math.round(this.#viewport.scale * 100);
  }

  zoomIn() {
    this.#viewport.zoom(ZOOM_STEP);
    this.#redraw();
  }

  zoomOut() {
    this.#viewport.zoom(1 / ZOOM_STEP);
    this.#redraw();
  }

  fit() {
    this.#viewport.fit();
    this.#redraw();
  }

  set(values) {
    Object.assign(this, values);
    this.size = Math.min(SIZES.max, Math.max(SIZES.min, this.size));
    this.#moveCursor();
    this.dispatchEvent(new Event('change'));
  }

  // --- what pointers.js asks for

  pans() {
    return this.tool === 'hand' || this.#locked;
  }

  pan(dx, dy) {
    this.#viewport.panBy(dx, dy);
    this.#redraw();
  }

  zoomAt(x, y, factor) {
    this.#viewport.zoomAt(x, y, factor);
    this.#redraw();
  }

  hover(point) {
    this.#brush = point && !this.pans() ? this.#viewport.toPhoto(point.x, point.y) : null;
    this.#moveCursor();
  }

  strokeStart(point) {
    if (!this.#photo) return;
    this.#stroke = { erase: this.tool === 'eraser', points: [this.#dab(point)] };
    this.#drawFrom(0);
    this.dispatchEvent(new Event('paint'));
  }

  strokeMove(point) {
    if (!this.#stroke) return;
    this.#stroke.points.push(this.#dab(point));
    this.#drawFrom(this.#stroke.points.length - 1);
  }

  strokeLength() {
    return this.#stroke?.points.length ?? 0;
  }

  strokeEnd({ meant }) {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke && meant) this.#history.push([...this.#history.present, stroke]);
    this.#redraw();
  }

  /** A point of a stroke; a pen's pressure makes it wider or thinner. */
  #dab({ x, y, pressure }) {
    const width = 0.4 + 0.6 * pressure;
    return { ...this.#viewport.toPhoto(x, y), radius: this.#radius * width };
  }

  /** The brush's radius in pixels of the photo. */
  get #radius() {
    return this.size / 2 / this.#viewport.scale;
  }

  // --- keys, where the canvas has the focus: arrows move the brush, space paints

  #onKey(event) {
    const directions = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    if (!this.#photo || this.#locked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in directions) this.#moveBrush(directions[event.key], event.shiftKey);
    else if (event.key === ' ') this.#paintAt([this.#brushOrMiddle()]);
    else return;
    event.preventDefault();
  }

  #moveBrush([dx, dy], paints) {
    const from = this.#brushOrMiddle();
    const step = this.#radius;
    const x = Math.min(this.#photo.width, Math.max(0, from.x + dx * step));
    const y = Math.min(this.#photo.height, Math.max(0, from.y + dy * step));
    this.#brush = { x, y };
    if (paints) this.#paintAt([from, this.#brush]);
    this.#viewport.reveal(this.#brush, this.size / 2 + MARGIN);
    this.#redraw();
  }

  #brushOrMiddle() {
    this.#brush ??= { x: this.#photo.width / 2, y: this.#photo.height / 2 };
    return this.#brush;
  }

  #paintAt(places) {
    const points = places.map((place) => ({ ...place, radius: this.#radius }));
    this.#history.push([...this.#history.present, { erase: this.tool === 'eraser', points }]);
    this.dispatchEvent(new Event('paint'));
    this.#redraw();
  }

  // --- drawing

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#root;
    for (const canvas of [this.#photoCanvas, this.#maskCanvas]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    this.#viewport.setView({ width, height }, MARGIN);
    this.#redraw();
  }

  #redraw() {
    this.#drawPhoto();
    this.#drawMask();
    this.#moveCursor();
    this.dispatchEvent(new Event('view'));
    this.dispatchEvent(new Event('change'));
  }

  #drawPhoto() {
    const context = this.#blank(this.#photoCanvas);
    if (!this.#photo) return;
    context.imageSmoothingEnabled = this.#viewport.scale < PIXELS_SHOW_FROM;
    context.imageSmoothingQuality = 'high';
    if (this.#result) context.drawImage(this.#result, 0, 0);
    context.beginPath();
    context.rect(0, 0, this.#photo.width * (this.#result ? this.#share : 1), this.#photo.height);
    context.clip();
    context.clearRect(0, 0, this.#photo.width, this.#photo.height);
    context.drawImage(this.#photo, 0, 0);
  }

  #drawMask() {
    const context = this.#blank(this.#maskCanvas);
    if (this.#photo && !this.#result) drawStrokes(context, this.#history.present, this.#colour);
  }

  /** Draw only what is new of the stroke under way. */
  #drawFrom(index) {
    const context = this.#maskCanvas.getContext('2d');
    this.#transform(context);
    context.fillStyle = context.strokeStyle = this.#colour;
    drawStroke(context, this.#stroke, index);
    context.restore();
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

  #moveCursor() {
    const visible = this.#brush && this.#photo && !this.#locked && !this.pans();
    this.#cursor.hidden = !visible;
    if (!visible) return;
    const { x, y } = this.#viewport.toView(this.#brush.x, this.#brush.y);
    Object.assign(this.#cursor.style, {
      width: `${this.size}px`,
      height: `${this.size}px`,
      transform: `translate(${x - this.size / 2}px, ${y - this.size / 2}px)`,
    });
  }
}
