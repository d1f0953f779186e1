// The editor: the photo, what is painted on it, and what pointers and keys do there.
import { History } from './history.js';
import { maskOf } from './mask.js';
import { listen } from './pointers.js';
import { Stage } from './stage.js';
import { boundsOf, isArea, marksAnything, rectangle } from './strokes.js';
import { Viewport } from './viewport.js';

export const SIZES = { min: 4, max: 160, step: 1.25 };
const MARGIN = 16;
const ZOOM_STEP = 1.25;
const CROSS = 23; // the cursor of tools that mark an area, in pixels of the screen
const KEPT_PIXELS = 200e6; // of earlier photos that undo can go back to

/**
 * Tells `change` when anything that a toolbar shows has changed, `view` when the photo has moved,
 * `paint` when something is painted. `tool` is 'brush', 'eraser', 'rectangle', 'lasso' or 'hand';
 * `size` the brush's diameter on the screen. Photos are those of photo.js.
 */
export class Editor extends EventTarget {
  tool = 'brush';
  size = 36;
  #root;
  #stage;
  #viewport = new Viewport();
  #history = new History({ photo: null, strokes: [] });
  #share = null; // of the width, where a result is compared with what was before it
  #stroke = null; // under way
  #brush = null; // where the brush is, in the photo
  #locked = false;

  constructor(root) {
    super();
    this.#root = root;
    this.#stage = new Stage(root, this.#viewport);
    new ResizeObserver(() => this.#resize()).observe(root);
    listen(root, this);
    root.addEventListener('keydown', (event) => this.#onKey(event));
  }

  // --- photos

  /** The photo that is painted on. */
  get photo() {
    return this.#history.present.photo;
  }

  /** The photo's size in pixels. */
  get #size() {
    return this.photo.bitmap;
  }

  get #strokes() {
    return this.#history.present.strokes;
  }

  /** Begin with a photo. */
  open(photo) {
    this.#share = null;
    this.#history = new History({ photo, strokes: [] });
    this.#brush = null;
    this.#viewport.setPhoto(photo.bitmap);
    this.#redraw();
  }

  /** Go on with a result; undo leads back to the photo before it, as it was painted on. */
  proceed(photo) {
    this.#history.push({ photo, strokes: [] });
    const most = Math.max(2, Math.floor(KEPT_PIXELS / (this.#size.width * this.#size.height)));
    this.#history.forget(most, (entry) => entry.photo);
    this.#redraw();
  }

  /** Show another result in the place of the one that is shown. */
  swap(photo) {
    this.#history.replace({ photo, strokes: [] });
    this.#redraw();
  }

  /** Go on with another form of the same photo, painted on as it is. */
  exchange(photo) {
    this.#history.push({ photo, strokes: this.#strokes });
    this.#redraw();
  }

  /** Show the photo before a result left of a share of the width; null: the photo alone. */
  compare(share) {
    this.#share = share;
    this.#redraw();
  }

  /** A locked editor can be looked at but not painted on. */
  set locked(locked) {
    this.#locked = locked;
    this.#dropStroke();
    this.hover(null);
  }

  /** Where a pointer is, as a share of the photo's width. */
  shareAt(event) {
    const x = event.clientX - this.#root.getBoundingClientRect().left;
    return this.#viewport.toPhoto(x, 0).x / this.#size.width;
  }

  /** Where the line between before and after lies in the view: { left, top, height }. */
  get divider() {
    const { clientWidth, clientHeight } = this.#root;
    const within = (value, length) => Math.min(length, Math.max(0, value));
    const start = this.#viewport.toView(this.#size.width * this.#share, 0);
    const end = this.#viewport.toView(0, this.#size.height);
    const top = within(start.y, clientHeight);
    return {
      left: within(start.x, clientWidth),
      top,
      height: within(end.y, clientHeight) - top,
    };
  }

  // --- the hole

  get isMarked() {
    return marksAnything(this.#strokes);
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  undo() {
    if (!this.#dropStroke()) this.#history.undo();
    this.#redraw();
  }

  redo() {
    this.#history.redo();
    this.#redraw();
  }

  clear() {
    if (this.isMarked) this.#replace([]);
  }

  /** Add a stroke that was not painted here: a mask from a file. */
  add(stroke) {
    this.#replace([...this.#strokes, stroke]);
    this.dispatchEvent(new Event('paint'));
  }

  /** Where the hole begins on the left, as a share of the photo's width. */
  get holeStart() {
    return boundsOf(this.#strokes).left / this.#size.width;
  }

  mask() {
    return maskOf(this.#strokes, this.#size);
  }

  #replace(strokes) {
    this.#history.push({ photo: this.photo, strokes });
    this.#redraw();
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
    this.#dropStroke();
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

  resizeBrush(factor) {
    if (!this.#locked) this.set({ size: this.size * factor });
  }

  hover(point) {
    this.#brush = point && !this.pans() ? this.#viewport.toPhoto(point.x, point.y) : null;
    this.#moveCursor();
  }

  strokeStart(point) {
    if (!this.photo) return;
    if (this.#marksAreas) {
      this.#stroke = { erase: false, corners: [this.#viewport.toPhoto(point.x, point.y)] };
    } else {
      this.#stroke = { erase: this.tool === 'eraser', points: [this.#dab(point)] };
      this.#stage.drawOn(this.#stroke, 0);
    }
    this.dispatchEvent(new Event('paint'));
  }

  strokeMove(point) {
    if (!this.#stroke) return;
    const { points, corners } = this.#stroke;
    if (points) {
      points.push(this.#dab(point));
      this.#stage.drawOn(this.#stroke, points.length - 1);
      return;
    }
    const to = this.#viewport.toPhoto(point.x, point.y);
    this.#stroke.corners = this.tool === 'lasso' ? [...corners, to] : rectangle(corners[0], to);
    this.#drawMask();
  }

  strokeLength() {
    return this.#stroke?.points?.length ?? 0;
  }

  strokeEnd({ meant }) {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke && meant && (stroke.points || isArea(stroke.corners))) {
      this.#history.push({ photo: this.photo, strokes: [...this.#strokes, stroke] });
    }
    this.#redraw();
  }

  get #marksAreas() {
    return this.tool === 'rectangle' || this.tool === 'lasso';
  }

  /** Give up what is under way; whether there was anything. */
  #dropStroke() {
    const was = this.#stroke !== null;
    this.#stroke = null;
    if (was) this.#drawMask();
    return was;
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

  // --- keys, where the canvas has the focus: arrows move the brush, space paints or sets a corner

  #onKey(event) {
    const directions = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    if (!this.photo || this.pans() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in directions) this.#moveBrush(directions[event.key], event.shiftKey);
    else if (event.key === ' ') this.#press();
    else if (event.key === 'Enter' && this.#stroke) this.strokeEnd({ meant: true });
    else if (event.key === 'Escape' && this.#stroke) this.#dropStroke();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Enter and Escape have done their work here
  }

  #moveBrush([dx, dy], paints) {
    const from = this.#brushOrMiddle();
    const step = this.#radius;
    const x = Math.min(this.#size.width, Math.max(0, from.x + dx * step));
    const y = Math.min(this.#size.height, Math.max(0, from.y + dy * step));
    this.#brush = { x, y };
    if (this.#stroke?.corners) this.#dragCorner();
    else if (paints && !this.#marksAreas) this.#paintAt([from, this.#brush]);
    this.#viewport.reveal(this.#brush, this.size / 2 + MARGIN);
    this.#redraw();
  }

  #press() {
    const at = this.#brushOrMiddle();
    if (!this.#marksAreas) this.#paintAt([at]);
    else if (!this.#stroke) this.#stroke = { erase: false, corners: [at, at] };
    else if (this.tool === 'rectangle') this.strokeEnd({ meant: true });
    else this.#stroke.corners = [...this.#stroke.corners, at];
    this.dispatchEvent(new Event('paint'));
    this.#redraw();
  }

  /** The last corner of an area goes with the brush. */
  #dragCorner() {
    const { corners } = this.#stroke;
    this.#stroke.corners =
      this.tool === 'lasso' ? [...corners.slice(0, -1), this.#brush] : rectangle(corners[0], this.#brush);
  }

  #brushOrMiddle() {
    this.#brush ??= { x: this.#size.width / 2, y: this.#size.height / 2 };
    return this.#brush;
  }

  #paintAt(places) {
    const points = places.map((place) => ({ ...place, radius: this.#radius }));
    this.#replace([...this.#strokes, { erase: this.tool === 'eraser', points }]);
    this.dispatchEvent(new Event('paint'));
  }

  // --- drawing

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#root;
    this.#stage.resize(width, height);
    this.#viewport.setView({ width, height }, MARGIN);
    this.#redraw();
  }

  #redraw() {
    const before = this.#share === null ? null : this.#history.before?.photo.bitmap;
    this.#stage.drawPhoto(this.photo?.bitmap ?? null, before, this.#share);
    this.#drawMask();
    this.#moveCursor();
    this.dispatchEvent(new Event('view'));
    this.dispatchEvent(new Event('change'));
  }

  #drawMask() {
    const strokes = this.#share === null ? this.#strokes : [];
    this.#stage.drawMask(this.#stroke ? [...strokes, this.#stroke] : strokes);
  }

  #moveCursor() {
    const visible = this.photo && !this.pans();
    this.#stage.moveCursor(visible ? this.#brush : null, this.#marksAreas ? CROSS : this.size);
  }
}
