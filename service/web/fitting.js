// What the service would refuse about a photo, in words, before anybody has painted on it.

/**
 * @typedef {object} Limits what the service takes
 * @property {string[]} formats such as `PNG`
 * @property {number} maxPixels
 * @property {number} maxBytes of photo and mask together
 */

const BITS = 8;
const ROOM = 0.9; // of the bytes; the rest is for the mask and the form around them

/**
 * Why a file cannot be sent as it is; nothing where it can.
 *
 * @param {import('./header.js').Header} header
 * @param {number} bytes the file's size
 * @param {Limits} limits
 * @returns {string[]} each a clause that begins with "it"
 */
export function obstacles({ kind, bits, animated }, bytes, limits) {
  const found = [];
  if (!isAmong(limits.formats, kind)) {
    const what = kind ? `${/^[AEIFHLMNS]/.test(kind) ? 'an' : 'a'} ${kind} file` : 'of a kind unknown here';
    found.push(`it is ${what}, and the service reads ${listed(limits.formats)}`);
  }
  if (bits > BITS) found.push(`it has ${bits} bits a channel, and the service works in ${BITS}`);
  if (animated) found.push('it moves, and only its first picture can be filled');
  if (tooHeavy(bytes, limits)) {
    found.push(`it has ${megabytes(bytes)}, and the service takes ${megabytes(limits.maxBytes)}`);
  }
  return found;
}

/** Whether a file of so many bytes leaves no room for a mask beside it. */
export function tooHeavy(bytes, { maxBytes }) {
  return bytes > maxBytes * ROOM;
}

/** The largest size of the same shape with so many pixels; null where it is small enough. */
export function fitted({ width, height }, maxPixels) {
  if (width * height <= maxPixels) return null;
  const scale = Math.sqrt(maxPixels / (width * height));
  const side = (length) => Math.max(1, Math.floor(length * scale));
  return { width: side(width), height: side(height) };
}

/** A number of bytes in words: `640 kB`, `4.1 MB`, `36 MB`. */
export function megabytes(bytes) {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`;
}

/** A number of pixels in words: `60 million pixels`. */
export function megapixels(pixels) {
  if (pixels < 1e6) return `${pixels} pixels`;
  return `${Number((pixels / 1e6).toPrecision(3))} million pixels`;
}

function isAmong(formats, kind) {
  return formats.some((format) => format.toLowerCase() === kind.toLowerCase());
}

function listed(words) {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
