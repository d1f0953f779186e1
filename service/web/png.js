// A PNG of one bit a pixel (ISO/IEC 15948): what a mask is. A canvas could only write four bytes a
// pixel, which the service would take several times as long to read.
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** Rows of bits, each behind the byte that names its filter; all black at first. */
export class Bits {
  #stride;

  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.#stride = 1 + Math.ceil(width / 8);
    this.bytes = new Uint8Array(this.#stride * height);
  }

  /** Make white what is more than half opaque in RGBA samples of whole rows, from row `top` on. */
  markOpaque(samples, top) {
    const rows = samples.length / 4 / this.width;
    for (let y = 0, alpha = 3; y < rows; y++) {
      const row = (top + y) * this.#stride + 1;
      for (let x = 0; x < this.width; x++, alpha += 4) {
        if (samples[alpha] > 127) this.bytes[row + (x >> 3)] |= 0x80 >> (x & 7);
      }
    }
  }
}

/**
 * Write bits as a grey PNG: 1 is white.
 *
 * @param {Bits} bits
 * @returns {Promise<Blob>}
 */
export async function pngOf({ width, height, bytes }) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 1); // bits a sample; grey, deflate, no interlacing are zeros
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const parts = [
    new Uint8Array(SIGNATURE),
    ...chunk('IHDR', new Uint8Array(header.buffer)),
    ...chunk('IDAT', data),
    ...chunk('IEND', new Uint8Array()),
  ];
  return new Blob(parts, { type: 'image/png' });
}

function chunk(name, data) {
  const ends = [new DataView(new ArrayBuffer(8)), new DataView(new ArrayBuffer(4))];
  ends[0].setUint32(0, data.length);
  for (let i = 0; i < 4; i++) ends[0].setUint8(4 + i, name.charCodeAt(i));
  ends[1].setUint32(0, ~crcOf(data, crcOf(new Uint8Array(ends[0].buffer, 4), -1)));
  return [ends[0], data, ends[1]];
}

function crcOf(bytes, crc) {
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return crc;
}
