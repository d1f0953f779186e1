// The page's modules that need no page. Run by test_client.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';

const folder = new URL('.', process.env.INPAINT_CLIENT);
const load = (name) => import(fileURLToPath(new URL(name, folder)));
const { History } = await load('history.js');
const { Viewport } = await load('viewport.js');
const { boundsOf, isArea, marksAnything, rectangle } = await load('strokes.js');
const { readHeader } = await load('header.js');
const { fitted, megabytes, obstacles } = await load('fitting.js');
const { Bits, pngOf } = await load('png.js');

test('undo and redo', () => {
  const history = new History('a');
  history.undo();
  assert.equal(history.present, 'a');
  history.push('b');
  history.push('c');
  history.undo();
  assert.equal(history.present, 'b');
  history.redo();
  assert.equal(history.present, 'c');
  history.undo();
  history.push('d'); // from here on there is nothing to redo
  assert.equal(history.canRedo, false);
  history.undo();
  history.undo();
  assert.deepEqual([history.present, history.canUndo], ['a', false]);
});

test('what undo can go back to is bounded', () => {
  const history = new History('a1');
  for (const value of ['a2', 'b1', 'c1', 'c2', 'd1']) history.push(value);
  history.forget(2, ([photo]) => photo);
  const left = [];
  for (; history.canUndo; history.undo()) left.push(history.before);
  assert.deepEqual(left, ['c2', 'c1', 'b1']);
});

function viewport() {
  const viewport = new Viewport();
  viewport.setView({ width: 400, height: 300 }, 10);
  viewport.setPhoto({ width: 1000, height: 500 });
  return viewport;
}

test('a photo fits and stands in the middle', () => {
  const { scale, x, y } = viewport();
  assert.equal(scale, 380 / 1000);
  assert.deepEqual([x, y], [10, (300 - 190) / 2]);
});

test('zooming keeps the point under the pointer', () => {
  const port = viewport();
  const before = port.toPhoto(120, 90);
  port.zoomAt(120, 90, 3);
  const after = port.toPhoto(120, 90);
  assert.ok(Math.abs(after.x - before.x) < 1e-9 && Math.abs(after.y - before.y) < 1e-9);
  assert.ok(Math.abs(port.scale - 3 * 0.38) < 1e-9);
});

test('to the view and back', () => {
  const port = viewport();
  port.zoomAt(5, 5, 1.7);
  const { x, y } = port.toView(123, 45);
  const back = port.toPhoto(x, y);
  assert.ok(Math.abs(back.x - 123) < 1e-9 && Math.abs(back.y - 45) < 1e-9);
});

test('zoom and pan have limits', () => {
  const port = viewport();
  for (let i = 0; i < 99; i++) port.zoom(2);
  assert.equal(port.scale, 32);
  for (let i = 0; i < 99; i++) port.zoom(0.5);
  assert.equal(port.scale, 0.19);
  port.panBy(1e6, -1e6);
  const middle = port.toPhoto(200, 150);
  assert.deepEqual([middle.x, middle.y], [0, 500]);
});

test('what fitted still fits after the window has changed', () => {
  const port = viewport();
  port.setView({ width: 800, height: 600 }, 10);
  assert.equal(port.scale, 0.78);
  port.zoom(2);
  const middle = port.toPhoto(400, 300);
  port.setView({ width: 600, height: 500 }, 10);
  assert.deepEqual(port.toPhoto(300, 250), middle);
});

test('a point outside is brought into view', () => {
  const port = viewport();
  port.zoom(8);
  port.reveal({ x: 0, y: 0 }, 20);
  const { x, y } = port.toView(0, 0);
  assert.deepEqual([Math.round(x), Math.round(y)], [20, 20]);
});

test('only a brush marks anything', () => {
  const points = [{ x: 10, y: 5, radius: 3 }];
  assert.equal(marksAnything([{ erase: true, points }]), false);
  assert.equal(marksAnything([{ erase: true, points }, { erase: false, points }]), true);
  assert.deepEqual(boundsOf([{ erase: false, points }, { erase: true, points: [{ x: 0, y: 0, radius: 9 }] }]), {
    left: 7, top: 2, right: 13, bottom: 8,
  });
});

test('areas', () => {
  assert.equal(isArea(rectangle({ x: 1, y: 1 }, { x: 9, y: 4 })), true);
  assert.equal(isArea(rectangle({ x: 1, y: 1 }, { x: 1, y: 4 })), false);
  assert.equal(isArea([{ x: 1, y: 1 }]), false);
});

const file = (...parts) => new Blob(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
const u32 = (number) => String.fromCharCode(number >>> 24, (number >> 16) & 255, (number >> 8) & 255, number & 255);
const chunk = (name, data) => u32(data.length) + name + data + 'csum';
const png = (bits, ...chunks) =>
  file('\x89PNG\r\n\x1a\n', chunk('IHDR', `${u32(70)}${u32(40)}${String.fromCharCode(bits)}\x02\0\0\0`), ...chunks);
const jpeg = (bits) => file(
  `\xff\xd8\xff\xe1\x11\x72${'x'.repeat(0x1170)}\xff\xff\xc2\0\x11${String.fromCharCode(bits)}\0\x28\0\x46\x03`);

test('headers of what the service reads', async () => {
  const size = { width: 70, height: 40 };
  const still = chunk('IDAT', '');
  assert.deepEqual(await readHeader(png(8, still)), { kind: 'PNG', ...size, bits: 8, animated: false });
  const profile = chunk('iCCP', 'x'.repeat(5000));
  const moving = chunk('acTL', `${u32(3)}${u32(0)}`);
  assert.deepEqual(await readHeader(png(16, profile, moving, still)), { kind: 'PNG', ...size, bits: 16, animated: true });
  assert.equal((await readHeader(png(8, chunk('acTL', `${u32(1)}${u32(0)}`), still))).animated, false);
  assert.deepEqual(await readHeader(jpeg(12)), { kind: 'JPEG', ...size, bits: 12, animated: false });
  const webp = (flags) => file(`RIFFxxxxWEBPVP8X\x0a\0\0\0${flags}\0\0\0\x45\0\0\x27\0\0`);
  assert.deepEqual(await readHeader(webp('\x02')), { kind: 'WebP', ...size, bits: 8, animated: true });
  assert.equal((await readHeader(webp('\x10'))).animated, false);
  const lossless = file(`RIFFxxxxWEBPVP8L\0\0\0\0\x2f\x45\xc0\x09\0\0\0\0\0\0`);
  assert.deepEqual(await readHeader(lossless), { kind: 'WebP', ...size, bits: 8, animated: false });
});

test('kinds that the service does not read, and files that are cut off', async () => {
  const kinds = {
    'GIF89a': 'GIF', '\0\0\0\x1cftypheic': 'HEIC', '\0\0\0\x1cftypmif1\0\0\0\0mif1avif': 'AVIF',
    '\0\0\0\x1cftypmif1\0\0\0\0mif1heic': 'HEIC', '\0\0\0\x20ftypisom': 'video', 'II*\0': 'TIFF',
    '%PDF-1.7': 'PDF', '<?xml version="1.0"?>\n<svg xmlns="x">': 'SVG', 'Dear Sir': '', '': '',
    '\x89PNG\r\n\x1a\n': 'PNG', '\xff\xd8\xff\xe0': 'JPEG', 'RIFFxxxxWEBPVP8X': 'WebP',
  };
  for (const [text, kind] of Object.entries(kinds)) {
    assert.equal((await readHeader(file(text))).kind, kind, JSON.stringify(text));
  }
});

test('what the service would refuse is told in words', () => {
  const limits = { formats: ['PNG', 'JPEG', 'WebP'], maxPixels: 50e6, maxBytes: 10e6 };
  assert.deepEqual(obstacles({ kind: 'PNG', bits: 8, animated: false }, 5e6, limits), []);
  assert.deepEqual(obstacles({ kind: 'HEIC' }, 9.5e6, limits), [
    'it is an HEIC file, and the service reads PNG, JPEG and WebP',
    'it has 9.5 MB, and the service takes 10 MB',
  ]);
  assert.deepEqual(obstacles({ kind: 'PNG', bits: 16, animated: true }, 5e6, limits), [
    'it has 16 bits a channel, and the service works in 8',
    'it moves, and only its first picture can be filled',
  ]);
  assert.equal(fitted({ width: 8000, height: 6000 }, 50e6), null);
  const { width, height } = fitted({ width: 10000, height: 6000 }, 50e6);
  assert.ok(width * height <= 50e6 && width * height > 49.9e6);
  assert.ok(Math.abs(width / height - 10 / 6) < 1e-3);
  assert.deepEqual([400, 93_600, 4_123_456, 36e6].map(megabytes), ['1 kB', '94 kB', '4.1 MB', '36 MB']);
});

test('a mask is a PNG of one bit a pixel', async () => {
  const bits = new Bits(10, 3);
  const row = new Uint8ClampedArray(40);
  for (const [x, alpha] of [[0, 255], [1, 127], [8, 128], [9, 255]]) row[4 * x + 3] = alpha;
  bits.markOpaque(row, 1);
  const png = Buffer.from(await (await pngOf(bits)).arrayBuffer());
  assert.deepEqual([...png.subarray(16, 29)], [0, 0, 0, 10, 0, 0, 0, 3, 1, 0, 0, 0, 0]);
  const data = png.subarray(41, 41 + png.readUInt32BE(33));
  assert.deepEqual([...inflateSync(data)], [0, 0, 0, 0, 0b10000000, 0b11000000, 0, 0, 0]);
});
