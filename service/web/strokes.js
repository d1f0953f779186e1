// What is painted, as data in pixels of the photo. It is drawn anew for every zoom, and as the mask
// at the photo's own size.

/**
 * One of: points of a brush, the corners of an area, a picture that is opaque where the hole is.
 *
 * @typedef {object} Stroke
 * @property {boolean} erase
 * @property {{ x: number, y: number, radius: number }[]} [points]
 * @property {{ x: number, y: number }[]} [corners]
 * @property {HTMLCanvasElement} [picture] of the photo's size
 * @property {Box} [box] what of the picture is opaque
 *
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 */

/** Draw a stroke from its point `from` on, in the colour that the context is set to. */
export function drawStroke(context, { erase, points, corners, picture }, from = 0) {
  context.save();
  context.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
  if (picture) context.drawImage(picture, 0, 0);
  if (corners) area(context, corners);
  if (points) line(context, points, from);
  context.restore();
}

function line(context, points, from) {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  let last = points[Math.max(0, from - 1)];
  disc(context, last);
  for (const point of points.slice(Math.max(1, from))) {
    context.lineWidth = last.radius + point.radius;
    context.beginPath();
    context.moveTo(last.x, last.y);
    context.lineTo(point.x, point.y);
    context.stroke();
    last = point;
  }
  disc(context, last);
}

function disc(context, { x, y, radius }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function area(context, corners) {
  context.beginPath();
  for (const { x, y } of corners) context.lineTo(x, y);
  context.closePath();
  context.fill();
}

export function drawStrokes(context, strokes, colour) {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  for (const stroke of strokes) drawStroke(context, stroke);
  if (!strokes.some(({ picture }) => picture)) return;
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = 'source-in'; // pictures have a colour of their own
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.restore();
}

/** The corners of an upright rectangle between two points. */
export function rectangle(from, to) {
  return [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }];
}

/** Whether corners enclose anything worth filling: a click is not meant as an area. */
export function isArea(corners) {
  const { left, top, right, bottom } = boundsOf([{ erase: false, corners }]);
  return corners.length > 2 && right - left >= 1 && bottom - top >= 1;
}

/** Whether something painted is left; erasing all of it counts as something. */
export function marksAnything(strokes) {
  return strokes.some((stroke) => !stroke.erase);
}

/** The box around all that is painted; its left is above its right where nothing is. */
export function boundsOf(strokes) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const take = (left, top, right, bottom) => {
    box.left = Math.min(box.left, left);
    box.top = Math.min(box.top, top);
    box.right = Math.max(box.right, right);
    box.bottom = Math.max(box.bottom, bottom);
  };
  for (const { points, corners, box: inner } of strokes.filter(({ erase }) => !erase)) {
    for (const { x, y, radius = 0 } of points ?? corners ?? []) {
      take(x - radius, y - radius, x + radius, y + radius);
    }
    if (inner) take(inner.left, inner.top, inner.right, inner.bottom);
  }
  return box;
}
