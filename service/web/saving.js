// Results as files: in which format, how large, and exact where the format allows it.
import { inpaint } from './inpaint.js';

/** What can be saved. `exact`: known pixels come back bit for bit. */
export const FORMATS = {
  jpeg: { label: 'JPEG', type: 'image/jpeg', ending: 'jpg', exact: false },
  png: { label: 'PNG', type: 'image/png', ending: 'png', exact: true },
  webp: { label: 'WebP', type: 'image/webp', ending: 'webp', exact: true },
};

const SAMPLES = 3; // tiles a side that a size is guessed from
const TILE = 160;

/**
 * How a photo came about: the file itself, or the service's answer to a mask.
 *
 * @typedef {object} Recipe
 * @property {Blob} blob
 * @property {Recipe} [of] the photo that was filled
 * @property {Blob} [mask]
 * @property {object} [options] what the service was asked
 * @property {Record<string, Blob>} [made] the same in other formats
 */

/** The photo's own format, which its results are saved in unless another one is chosen. */
export function formatOf({ type }) {
  return Object.keys(FORMATS).find((name) => FORMATS[name].type === type) ?? 'png';
}

/** A result in a format, as good as that format can be, if it is there already. */
export function madeIn(recipe, format) {
  return serves(recipe, format) ? recipe.blob : recipe.made?.[format];
}

/**
 * A result in a format. What was filled as JPEG is filled once more, from the first photo on, where
 * every known pixel is to be kept.
 *
 * @param {Recipe} recipe of a result
 * @param {string} format
 * @param {object} options how to ask the service: key, signal, onProgress
 * @returns {Promise<Blob>}
 */
export async function resultIn(recipe, format, options) {
  const there = madeIn(recipe, format);
  if (there) return there;
  const source = await exact(recipe.of, options);
  const blob = await inpaint(source, recipe.mask, { ...recipe.options, ...options, format });
  recipe.made = { ...recipe.made, [format]: blob };
  return blob;
}

/** A photo without any loss since it was opened. */
function exact(recipe, options) {
  return recipe.of && !isExact(recipe) ? resultIn(recipe, 'png', options) : recipe.blob;
}

function serves(recipe, format) {
  return formatOf(recipe.blob) === format && (!FORMATS[format].exact || isExact(recipe));
}

/** Whether nothing was lost on the way from the photo that was opened. */
function isExact(recipe) {
  return !recipe.of || (FORMATS[formatOf(recipe.blob)].exact && isExact(recipe.of));
}

/** About how many bytes a bitmap takes in a format, from a few tiles of it. */
export async function guessedBytes(bitmap, format) {
  const across = Math.min(TILE * SAMPLES, bitmap.width);
  const down = Math.min(TILE * SAMPLES, bitmap.height);
  const canvas = Object.assign(document.createElement('canvas'), { width: across, height: down });
  const context = canvas.getContext('2d');
  const [width, height] = [across / SAMPLES, down / SAMPLES];
  for (let i = 0; i < SAMPLES * SAMPLES; i++) {
    const [column, row] = [i % SAMPLES, Math.floor(i / SAMPLES)];
    const x = ((bitmap.width - width) * column) / (SAMPLES - 1);
    const y = ((bitmap.height - height) * row) / (SAMPLES - 1);
    context.drawImage(bitmap, x, y, width, height, column * width, row * height, width, height);
  }
  const blob = await new Promise((done) => canvas.toBlob(done, FORMATS[format].type, 0.95));
  return blob ? (blob.size * bitmap.width * bitmap.height) / (across * down) : 0;
}

/** Hand a file to the user; its name. */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A file's name for what was made of it. */
export function nameFor(name, what, format) {
  return `${name.replace(/\.[^.]*$/, '')}-${what}.${FORMATS[format].ending}`;
}
