// Run by test_client.py, which starts a service: node --test client.test.mjs
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const { INPAINT_URL: service, INPAINT_SEVERAL: several,
  INPAINT_CLIENT: client, INPAINT_FOLDER: folder } = process.env;
const { inpaint, InpaintError } = await import(client);

const file = async (name) => new Blob([await readFile(`${folder}/${name}.png`)]);
const [photo, mask, small] = await Promise.all(['photo', 'mask', 'small'].map(file));
const bytes = async (blob) => Buffer.from(await blob.arrayBuffer());

/** A server that answers as it is told, and remembers what it was asked. */
async function serving(answer, check) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request);
    request.resume().on('end', () => answer(response));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    await check(`http://127.0.0.1:${server.address().port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const streaming = (text) => (response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  response.end(text);
};

test('a photo is filled, with and without progress', async () => {
  const plain = await inpaint(photo, mask, { service });
  assert.equal(plain.type, 'image/png');
  const told = [];
  const streamed = await inpaint(photo, mask, { service, onProgress: (p) => told.push(p) });
  assert.equal(streamed.type, 'image/png');
  assert.deepEqual(await bytes(streamed), await bytes(plain));
  const { done, total } = told.at(-1);
  assert.equal(done, total);
  assert.ok(told.length > 1);
});

test('options reach the service', async () => {
  const webp = await inpaint(photo, mask, { service, format: 'webp' });
  assert.equal(webp.type, 'image/webp');
  const inverted = await inpaint(photo, mask, { service, invertMask: true });
  const grown = await inpaint(photo, mask, { service, dilate: 20 });
  const plain = await bytes(await inpaint(photo, mask, { service: `${service}/` }));
  assert.notDeepEqual(await bytes(inverted), plain);
  assert.notDeepEqual(await bytes(grown), plain);
});

for (const onProgress of [undefined, () => {}]) {
  test(`a part of the photo and its place, ${onProgress ? 'from' : 'without'} a stream`, async () => {
    const told = [];
    const options = { service, crop: true, onProgress, onAnswer: (answer) => told.push(answer) };
    const part = await bytes(await inpaint(photo, mask, options));
    const { place, size } = told[0];
    assert.deepEqual(size, { width: 200, height: 150 });
    assert.ok(place.left > 0 && place.width < 200 && place.left + place.width <= 200);
    assert.equal(part.readUInt32BE(16), place.width); // of PNG's header
    assert.equal(part.readUInt32BE(20), place.height);
    assert.equal((await inpaint(photo, null, options)).size, 0);
    assert.deepEqual(told[1].place, { left: 0, top: 0, width: 0, height: 0 });
    await inpaint(photo, mask, { ...options, crop: false });
    assert.deepEqual([told[2].place, told[2].size], [null, null]);
  });
}

for (const onProgress of [undefined, () => {}]) {
  test(`a model is asked for and told, ${onProgress ? 'from' : 'without'} a stream`, async () => {
    const told = [];
    const onAnswer = ({ model }) => told.push(model);
    await inpaint(photo, mask, { service, onProgress, onAnswer });
    await inpaint(photo, mask, { service: several, model: 'other', onProgress, onAnswer });
    assert.deepEqual(told, [null, 'other']);
    await assert.rejects(inpaint(photo, mask, { service, model: 'other', onProgress }), {
      name: 'InpaintError', type: 'urn:inpaint:problem:unknown-model', status: 422,
    });
  });
}

test('without a mask the transparent part is the hole', async () => {
  const unchanged = await inpaint(photo, null, { service });
  assert.equal(unchanged.type, 'image/png');
});

test('a key is sent', async () => {
  await serving((response) => response.end(), async (url, asked) => {
    await inpaint(photo, mask, { service: url, key: 'secret' });
    assert.equal(asked[0].headers.authorization, 'Bearer secret');
    assert.equal(asked[0].url, '/inpaint');
  });
});

for (const onProgress of [undefined, () => {}]) {
  test(`a problem is an object, ${onProgress ? 'from' : 'without'} a stream`, async () => {
    const error = await inpaint(photo, small, { service, onProgress }).catch((e) => e);
    assert.ok(error instanceof InpaintError);
    assert.equal(error.status, 422);
    assert.equal(error.title, 'Image and mask differ in size');
    assert.match(error.detail, /9 x 9/);
    assert.equal(error.message, error.detail);
    assert.equal(error.type, 'urn:inpaint:problem:sizes-differ');
    assert.match(error.requestId, /^[0-9a-f]{32}$/);
  });
}

test('what is refused before the stream is an object too', async () => {
  const options = { service, dilate: 999, onProgress: () => {} };
  await assert.rejects(inpaint(photo, mask, options), { name: 'InpaintError', status: 422 });
});

test('an answer of something else than the service', async () => {
  const answer = (response) => {
    response.writeHead(502, { 'Content-Type': 'text/html', 'Retry-After': '7' });
    response.end('<h1>Bad gateway</h1>');
  };
  await serving(answer, async (url) => {
    const error = await inpaint(photo, mask, { service: url }).catch((e) => e);
    assert.deepEqual([error.status, error.retryAfter], [502, 7]);
    assert.equal(error.title, 'The server answered 502');
    assert.match(error.message, /proxy .* could not reach it/);
  });
});

test('a service that is not there', async () => {
  const error = await inpaint(photo, mask, { service: 'http://127.0.0.1:9' }).catch((e) => e);
  assert.ok(error instanceof InpaintError);
  assert.equal(error.status, 0);
  assert.equal(error.title, 'The service cannot be reached');
});

test('events come in pieces of any size, between heartbeats', async () => {
  const text = ': at work\n\nevent: progress\ndata: {"done": 1, "total": 2}\n\n: still at it\n\n'
    + 'event: result\ndata: {"media_type": "image/webp", "image": "aMOk"}\n\n';
  const answer = async (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const letter of text) {
      response.write(letter);
      await new Promise(setImmediate);
    }
    response.end();
  };
  await serving(answer, async (url) => {
    const told = [];
    const blob = await inpaint(photo, mask, { service: url, onProgress: (p) => told.push(p) });
    assert.deepEqual(told, [{ done: 1, total: 2 }]);
    assert.equal(await blob.text(), 'hä');
    assert.equal(blob.type, 'image/webp');
  });
});

test('a stream that breaks off is an error', async () => {
  await serving(streaming('event: progress\ndata: {"done": 1, "total": 2}\n\n'), async (url) => {
    const promise = inpaint(photo, mask, { service: url, onProgress: () => {} });
    await assert.rejects(promise, { status: 0, title: 'The answer is incomplete' });
  });
});

test('what a progress callback throws is not swallowed', async () => {
  const onProgress = () => {
    throw new RangeError('mine');
  };
  await assert.rejects(inpaint(photo, mask, { service, onProgress }), RangeError);
});

test('aborting rejects with the reason, at any time', async () => {
  const reason = new Error('enough');
  const early = inpaint(photo, mask, { service, signal: AbortSignal.abort(reason) });
  await assert.rejects(early, reason);
  const controller = new AbortController();
  const onProgress = () => controller.abort(reason);
  const head = (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('event: progress\ndata: {"done": 1, "total": 2}\n\n'); // and no more
  };
  await serving(head, async (url) => {
    const late = inpaint(photo, mask, { service: url, signal: controller.signal, onProgress });
    await assert.rejects(late, reason);
  });
});

test('outside of a page the service must be named', async () => {
  await assert.rejects(inpaint(photo, mask), TypeError);
});
