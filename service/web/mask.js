// Masks as files: what is painted as the service takes it, and a mask from a file as a stroke.
import { Bits, pngOf } from './png.js';
import { boundsOf, drawStrokes } from './strokes.js';

const STRIP = 256; // rows at a time, so that no second picture of the photo's size is ever made

/** The mask as the service takes it: white is hole, a PNG of the photo's size. */
export async function maskOf(strokes, { width, height }) {
  const bits = new Bits(width, height);
  const { top, bottom } = boundsOf(strokes);
  const last = Math.min(height, Math.ceil(bottom) + 1);
  const first = Math.max(0, Math.floor(top) - 1);
  const context = first < last && contextOf(width, Math.min(STRIP, last - first));
  for (let row = first; row < last; row += STRIP) {
    const rows = Math.min(STRIP, last - row);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, STRIP);
    context.setTransform(1, 0, 0, 1, 0, -row);
    drawStrokes(context, strokes, '#fff');
    bits.markOpaque(context.getImageData(0, 0, width, rows).data, row);
  }
  return pngOf(bits);
}

/**
 * Read a mask from a file: white is hole, laid over black.
 *
 * @param {Blob} file
 * @param {{ width: number, height: number }} size the photo's
 * @returns {Promise<import('./strokes.js').Stroke>}
 * @throws {Error} in words: no picture, another shape than the photo's, or nothing white in it
 */
export async function readMask(file, { width, height }) {
  const bitmap = await createImageBitmap(file).catch((cause) => {
    throw new Error('This browser cannot read that file as a picture.', { cause });
  });
  if (Math.abs(bitmap.width / bitmap.height - width / height) > 0.01 * (width / height)) {
    throw new Error(
      `The mask has ${bitmap.width} × ${bitmap.height} pixels and the photo ${width} × ${height}. They must have the same shape.`,
    );
  }
  const context = contextOf(width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let top = 0; top < height; top += STRIP) {
    const strip = context.getImageData(0, top, width, Math.min(STRIP, height - top));
    whiteToOpaque(strip, top, box);
    context.putImageData(strip, 0, top);
  }
  if (box.right <= box.left) throw new Error('Nothing in that mask is white, and white is what gets filled.');
  return { erase: false, picture: context.canvas, box };
}

/** Bright pixels become opaque and all others transparent; the box grows around the former. */
function whiteToOpaque({ data, width }, top, box) {
  for (let at = 0, pixel = 0; at < data.length; at += 4, pixel++) {
    const white = Math.max(data[at], data[at + 1], data[at + 2]) * data[at + 3] > 127 * 255;
    data[at + 3] = white ? 255 : 0;
    if (!white) continue;
    const [x, y] = [pixel % width, top + Math.floor(pixel / width)];
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x + 1);
    box.bottom = Math.max(box.bottom, y + 1);
  }
}

function contextOf(width, height) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error(`This browser cannot make a mask of ${width} × ${height} pixels.`);
  return context;
}
