// From a file to a photo that the service takes: as it is where it can be, converted where not.
import { fitted, megapixels, obstacles, tooHeavy } from './fitting.js';
import { readHeader } from './header.js';

const TYPES = { PNG: 'image/png', JPEG: 'image/jpeg', WebP: 'image/webp' };
const LOSSY = ['JPEG', 'HEIC', 'AVIF']; // kinds whose copies are JPEGs: a PNG has ten times the bytes
const JPEG_QUALITY = 0.95;
const STRIP = 256; // rows looked at at a time

/**
 * @typedef {object} Photo
 * @property {Blob} blob what is sent
 * @property {ImageBitmap} bitmap what is shown
 * @property {string} name of the file
 * @property {string[]} notes what had to be changed before it could be sent, in words
 * @property {boolean} [converted]
 * @property {import('./saving.js').Recipe} [recipe] how it was made, of a result
 */

/**
 * Open a file.
 *
 * @param {Blob} file
 * @param {string} name
 * @param {import('./fitting.js').Limits} limits
 * @param {(from: object, to: object) => Promise<boolean>} mayScale asks whether a photo that is too
 *   large may be scaled down
 * @returns {Promise<Photo | null>} null if it may not be scaled
 * @throws {Error} in words, where this browser cannot read or convert it
 */
export async function openPhoto(file, name, limits, mayScale) {
  const header = await readHeader(file);
  const bitmap = await decode(file, header.kind, name);
  const target = fitted(bitmap, limits.maxPixels);
  if (target && !(await mayScale(bitmap, target))) return null;
  const reasons = obstacles(header, target ? 0 : file.size, limits);
  if (!target && !reasons.length) {
    return { blob: new Blob([file], { type: TYPES[header.kind] }), bitmap, name, notes: [] };
  }
  const converted = await convert(bitmap, target ?? bitmap, LOSSY.includes(header.kind), limits);
  if (target) {
    const { width, height } = target;
    reasons.push(`it has ${megapixels(bitmap.width * bitmap.height)} and is now ${width} × ${height}`);
  }
  return { ...converted, name, notes: [noteOf(converted.blob, reasons)] };
}

/** The same photo as the browser sees it, for when the service cannot read the file. */
export async function converted(photo, limits) {
  const lossy = photo.blob.type === TYPES.JPEG;
  return { ...photo, ...(await convert(photo.bitmap, photo.bitmap, lossy, limits)), notes: [] };
}

/** A file as a bitmap, upright as the service turns it too; of an animation the first picture. */
async function decode(file, kind, name) {
  try {
    return await createImageBitmap(file);
  } catch {
    // What is not made of pixels is drawn by an <img> only.
  }
  const address = URL.createObjectURL(file);
  try {
    const image = Object.assign(new Image(), { src: address });
    await image.decode();
    return await createImageBitmap(image);
  } catch (cause) {
    throw new Error(whyUnread(kind, name), { cause });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function whyUnread(kind, name) {
  const advice = {
    HEIC: 'Safari can open it here; elsewhere convert it to JPEG first. On an iPhone, Settings, Camera, Formats, Most Compatible takes JPEGs.',
    video: 'It is a video. Save one picture of it and open that.',
    PDF: 'It is a document. Save the page as a PNG and open that.',
    ZIP: 'Unpack it and open one photo.',
  }[kind];
  if (!kind) return `The file ${name} is no picture that this browser knows.`;
  if (kind in TYPES) return `The file ${name} begins as a ${kind} and is damaged, or too large for this browser.`;
  return `This browser cannot read ${name}, ${kind === 'video' ? 'a' : 'a file of the kind'} ${kind}. ${advice ?? 'Convert it to PNG or JPEG first.'}`;
}

/** Draw a bitmap at a size and write it anew; what is shown afterwards is what is sent. */
async function convert(bitmap, { width, height }, lossy, limits) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context) {
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
  }
  const opaque = context && isOpaque(context);
  let blob = context && (await write(canvas, lossy && opaque ? TYPES.JPEG : TYPES.PNG));
  if (blob && opaque && tooHeavy(blob.size, limits)) blob = await write(canvas, TYPES.JPEG);
  canvas.width = canvas.height = 0; // Safari keeps its memory otherwise
  if (!blob) throw new Error(`This browser cannot convert a picture of ${width} × ${height} pixels.`);
  return { blob, bitmap: await createImageBitmap(blob), converted: true };
}

function write(canvas, type) {
  return new Promise((done) => canvas.toBlob(done, type, JPEG_QUALITY));
}

function isOpaque(context) {
  const { width, height } = context.canvas;
  for (let top = 0; top < height; top += STRIP) {
    const { data } = context.getImageData(0, top, width, Math.min(STRIP, height - top));
    for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] !== 255) return false;
  }
  return true;
}

function noteOf(blob, reasons) {
  const kind = blob.type === TYPES.JPEG ? 'JPEG' : 'PNG';
  return `Converted to a ${kind} of 8 bits: ${reasons.join('; ')}. The file you chose is as it was.`;
}
