// What the service says of itself: how large a photo may be, which kinds it reads, what it offers.

/** Where nothing was said, nothing is held back: the service still answers for itself. */
const UNKNOWN = {
  formats: ['PNG', 'JPEG', 'WebP'], maxPixels: Infinity, maxBytes: Infinity, fields: [], models: [],
  terms: '',
};

async function ask() {
  try {
    const answer = await fetch(new URL('web/service.json', document.baseURI));
    return answer.ok ? { ...UNKNOWN, ...(await answer.json()) } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

/** @type {Promise<import('./fitting.js').Limits & { fields: string[], models: string[], terms: string }>} */
export const service = ask();
