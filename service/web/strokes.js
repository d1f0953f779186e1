// Strokes of the brush as data, in pixels of the photo: { erase, points: [{ x, y, radius }] }.
// They are drawn anew for every zoom, and as the mask at the photo's own size.

/** Draw a stroke from its point `from` on, in the colour that the context is set to. */
export function drawStroke(context, { erase, points }, from = 0) {
  context.save();
  context.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
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
  context.restore();
}

function disc(context, { x, y, radius }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

export function drawStrokes(context, strokes, colour) {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  for (const stroke of strokes) drawStroke(context, stroke);
}

/** Whether something painted is left; erasing all of it counts as something. */
export function marksAnything(strokes) {
  return strokes.some((stroke) => !stroke.erase);
}

/** How far to the left the strokes reach. */
export function leftOf(strokes) {
  const points = strokes.filter((stroke) => !stroke.erase).flatMap((stroke) => stroke.points);
  return points.reduce((left, { x, radius }) => Math.min(left, x - radius), Infinity);
}

/** The mask as the service takes it: white strokes on nothing, as a PNG of the photo's size. */
export async function maskOf(strokes, { width, height }) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  if (context) drawStrokes(context, strokes, '#fff');
  const mask = context && (await new Promise((done) => canvas.toBlob(done, 'image/png')));
  if (!mask) throw new Error(`This browser cannot make a mask of ${width} × ${height} pixels.`);
  return mask;
}
