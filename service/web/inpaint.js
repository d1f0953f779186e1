// A client of the inpainting service for browsers, Deno, Bun and Node 20 or later.
// One file, no dependencies; types in inpaint.d.ts.

// What it means when something else than the service answers.
const TOO_FAR = 'a proxy in front of the service could not reach it or gave up waiting for it';
const OF_PROXIES = {
  413: 'a proxy in front of the service lets no file through that is so large; whoever runs it can raise its limit (nginx calls it client_max_body_size)',
  502: TOO_FAR,
  503: TOO_FAR,
  504: TOO_FAR,
};
const OF_OTHERS = 'the answer is not one of the service; something else answers at this address';

/** Why there is no filled photo: the service's own words, or that it could not be reached. */
export class InpaintError extends Error {
  /** @param {Record<string, any>} problem as RFC 9457 has it, with `request_id` */
  constructor(problem, { retryAfter = null, cause = undefined } = {}) {
    super(problem.detail || problem.title, { cause });
    this.name = 'InpaintError';
    this.status = problem.status ?? 0;
    this.type = problem.type ?? 'about:blank';
    this.title = problem.title ?? 'The request failed';
    this.detail = problem.detail ?? '';
    this.requestId = problem.request_id ?? null;
    this.retryAfter = retryAfter;
  }
}

/** Fill what the mask marks. See inpaint.d.ts for every option. */
export async function inpaint(image, mask, options = {}) {
  const { signal, onAnswer } = options;
  const answer = await send(image, mask, options);
  if (!answer.ok) throw await errorOf(answer);
  const streamed = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (streamed) return readEvents(answer, options);
  onAnswer?.({
    windows: Number(answer.headers.get('x-inpaint-windows')),
    texture: answer.headers.get('x-inpaint-texture'),
    model: answer.headers.get('x-inpaint-model'),
    ...placeOf(numbersOf(answer, 'x-inpaint-crop'), numbersOf(answer, 'x-inpaint-size')),
  });
  return reached(answer.blob(), signal);
}

function send(image, mask, { service, key, signal, onProgress, ...options }) {
  const body = new FormData();
  body.append('image', image, 'image');
  if (mask) body.append('mask', mask, 'mask');
  const { invertMask: invert_mask, dilate, feather, crop, format, texture, seed, model } = options;
  const fields = { invert_mask, dilate, feather, crop, format, texture, seed, model };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) body.append(name, String(value));
  }
  const headers = { Accept: onProgress ? 'text/event-stream' : 'image/*' };
  // A page of another origin could not send this unasked: it tells the service that its own page asks.
  if (!service) headers['X-Inpaint-Page'] = '1';
  if (key) headers.Authorization = `Bearer ${key}`;
  return reached(fetch(addressOf(service), { method: 'POST', body, headers, signal }), signal);
}

/** Where an answer belongs that is a part of the photo; null where it is all of it. */
function placeOf(crop, size) {
  if (!crop) return { place: null, size: null };
  const [left, top, width, height] = crop;
  return { place: { left, top, width, height }, size: { width: size[0], height: size[1] } };
}

function numbersOf(answer, header) {
  return answer.headers.get(header)?.split(',').map(Number);
}

/** The address of the route; without a service, next to the page. */
function addressOf(service) {
  const base = service ?? globalThis.document?.baseURI;
  if (!base) throw new TypeError('outside of a page, name the service: { service: "http://..." }');
  return new URL('inpaint', service ? `${String(service).replace(/\/+$/, '')}/` : base);
}

/** A step of the connection; its failure is put into words, an abort stays what it is. */
async function reached(step, signal) {
  try {
    return await step;
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const title = 'The service cannot be reached';
    const detail = 'the connection failed; is the service running, and may this page use it?';
    throw new InpaintError({ status: 0, title, detail }, { cause });
  }
}

async function errorOf(answer) {
  const retryAfter = Number(answer.headers.get('retry-after')) || null;
  const isProblem = (answer.headers.get('content-type') ?? '').includes('json');
  const problem = isProblem ? await answer.json().catch(() => ({})) : {};
  const title = `The server answered ${answer.status}`;
  const detail = isProblem ? '' : OF_PROXIES[answer.status] ?? OF_OTHERS;
  const requestId = answer.headers.get('x-request-id');
  return new InpaintError(
    { title, detail, status: answer.status, request_id: requestId, ...problem },
    { retryAfter },
  );
}

async function readEvents(answer, { signal, onProgress, onAnswer }) {
  for await (const { name, data } of eventsOf(answer.body, signal)) {
    if (name === 'progress') onProgress?.(JSON.parse(data));
    if (name === 'error') throw new InpaintError(JSON.parse(data));
    if (name === 'result') {
      const result = JSON.parse(data);
      const { windows, texture, model = null, crop, size } = result;
      onAnswer?.({ windows, texture, model, ...placeOf(crop, size) });
      return blobOf(result);
    }
  }
  throw new InpaintError({
    title: 'The answer is incomplete',
    detail: 'the connection ended before the result came',
    request_id: answer.headers.get('x-request-id'),
  });
}

/** The events of a stream. Pieces are joined once a line is whole: a result can be large. */
async function* eventsOf(stream, signal) {
  let pieces = [];
  let event = {};
  for await (const text of readText(stream, signal)) {
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      pieces.push(line);
      if (index === lines.length - 1) break; // the last one may go on in the next piece
      const whole = pieces.join('');
      pieces = [];
      if (whole.startsWith('event: ')) event.name = whole.slice(7);
      if (whole.startsWith('data: ')) event.data = whole.slice(6);
      if (whole === '' && event.name) {
        yield event;
        event = {};
      }
    }
  }
}

async function* readText(stream, signal) {
  const reader = stream.getReader(); // Safari has no async iteration of streams
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reached(reader.read(), signal);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {}); // whoever stops reading wants no more of it
  }
}

function blobOf({ image, media_type: type }) {
  const binary = atob(image);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Blob([bytes], { type });
}
