// The page's modules that need no page. Run by test_client.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = new URL('.', process.env.INPAINT_CLIENT);
const load = (name) => import(fileURLToPath(new URL(name, folder)));
const { History } = await load('history.js');
const { Viewport } = await load('viewport.js');
const { marksAnything, leftOf } = await load('strokes.js');

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
  assert.equal(leftOf([{ erase: false, points }]), 7);
});
