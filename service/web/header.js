// What the first bytes of a file say: its kind, and of PNG, JPEG and WebP, which the service reads,
// also the size as stored, the bits of a sample and whether it moves.
const MAX_CHUNKS = 4096; // real files have far fewer; a hostile one is not walked for ever

/**
 * @typedef {object} Header
 * @property {string} kind in words, such as `PNG`, `HEIC` or `video`; empty where nobody knows it
 * @property {number} [width] in pixels, before EXIF turns the photo
 * @property {number} [height]
 * @property {number} [bits] of a sample
 * @property {boolean} [animated]
 */

/**
 * Read a file's header.
 *
 * @param {Blob} file
 * @returns {Promise<Header>}
 */
export async function readHeader(file) {
  const start = await bytesOf(file, 0, 2048);
  const kind = kindOf(start);
  const read = { PNG: readPng, JPEG: readJpeg, WebP: readWebp, GIF: readGif }[kind];
  return { kind, ...((await read?.(file, start)) ?? {}) };
}

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

function kindOf(start) {
  const text = textOf(start);
  const magic = [
    ['\x89PNG\r\n\x1a\n', 'PNG'], ['\xff\xd8\xff', 'JPEG'], ['GIF8', 'GIF'], ['BM', 'BMP'],
    ['II*\0', 'TIFF'], ['MM\0*', 'TIFF'], ['8BPS', 'Photoshop'], ['%PDF', 'PDF'],
    ['\xff\x0a', 'JPEG XL'], ['\0\0\0\x0cJXL ', 'JPEG XL'], ['\0\0\x01\0', 'icon'],
    ['PK\x03\x04', 'ZIP'], ['\x1aE\xdf\xa3', 'video'],
  ].find(([signature]) => text.startsWith(signature));
  if (magic) return magic[1];
  if (text.startsWith('RIFF')) return text.slice(8, 12) === 'WEBP' ? 'WebP' : 'video';
  if (text.slice(4, 8) === 'ftyp') return kindOfBrands(text.slice(8, 64));
  return /^\s*(<\?xml[^]*?|<!--[^]*?|<!DOCTYPE[^]*?)*<svg[\s>]/i.test(text) ? 'SVG' : '';
}

/** Files of the ISO base media format tell what they are by brands. */
function kindOfBrands(brands) {
  if (/avi[fs]/.test(brands)) return 'AVIF';
  return HEIC_BRANDS.includes(brands.slice(0, 4)) ? 'HEIC' : 'video';
}

async function readPng(file, start) {
  if (start.byteLength < 25) return {};
  const size = { width: start.getUint32(16), height: start.getUint32(20), bits: start.getUint8(24) };
  let at = 8;
  for (let i = 0; i < MAX_CHUNKS; i++) {
    const chunk = await bytesOf(file, at, 12, start);
    const name = textOf(chunk).slice(4, 8);
    if (name === 'acTL' && chunk.byteLength === 12) {
      return { ...size, animated: chunk.getUint32(8) > 1 };
    }
    if (name === 'IDAT' || chunk.byteLength < 12) break;
    at += chunk.getUint32(0) + 12; // length, name and checksum stand around the data
  }
  return { ...size, animated: false };
}

async function readJpeg(file, start) {
  let at = 2;
  for (let i = 0; i < MAX_CHUNKS; i++) {
    const segment = await bytesOf(file, at, 9, start);
    if (segment.byteLength < 9) break;
    const marker = segment.getUint8(1);
    if (segment.getUint8(0) !== 0xff || marker === 0xff) at += 1; // filling
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // without a length
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [segment.getUint16(5), segment.getUint16(7)];
      return { width, height, bits: segment.getUint8(4), animated: false };
    } else if (marker === 0xda) break; // pixels, and no frame before them
    else at += 2 + segment.getUint16(2);
  }
  return {};
}

function readWebp(_, start) {
  if (start.byteLength < 30) return {};
  const kind = textOf(start).slice(12, 16);
  const three = (at) => start.getUint16(at, true) + (start.getUint8(at + 2) << 16);
  if (kind === 'VP8X') {
    const animated = (start.getUint8(20) & 2) !== 0;
    return { width: 1 + three(24), height: 1 + three(27), bits: 8, animated };
  }
  if (kind === 'VP8L') {
    const sizes = start.getUint32(21, true);
    const [width, height] = [1 + (sizes & 0x3fff), 1 + ((sizes >>> 14) & 0x3fff)];
    return { width, height, bits: 8, animated: false };
  }
  const [width, height] = [26, 28].map((at) => start.getUint16(at, true) & 0x3fff);
  return { width, height, bits: 8, animated: false };
}

function readGif(_, start) {
  return { animated: textOf(start).includes('NETSCAPE2.0') }; // what makes it run on
}

/** Some bytes of a file; from those read already, if they are among them. */
async function bytesOf(file, at, length, start) {
  if (start && at + length <= start.byteLength) {
    return new DataView(start.buffer, start.byteOffset + at, length);
  }
  return new DataView(await file.slice(at, at + length).arrayBuffer());
}

function textOf(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return String.fromCharCode(...bytes);
}
