/** How many steps are done and how many there are: windows filled, then holes given texture. */
export interface Progress {
  done: number;
  total: number;
}

/** How a photo came about. */
export interface Answer {
  /** How many windows the model predicted. */
  windows: number;
  /** What became of the photo's texture; unless it is `on` there are eight photos by seed. */
  texture: 'on' | 'off' | 'none' | 'late' | 'large' | null;
  /** Which model filled it, where the service has several. */
  model: string | null;
  /** With `crop`, where in the upright photo the answer belongs; all 0 where nothing changed. */
  place: { left: number; top: number; width: number; height: number } | null;
  /** With `crop`, how large the upright photo is. */
  size: { width: number; height: number } | null;
}

export interface InpaintOptions {
  /** Address of the service; by default the place that the page comes from. Needed outside pages. */
  service?: string | URL;
  /** Key of the service, where it asks for one. */
  key?: string;
  /** Format of the answer. PNG (the default) and WebP keep known pixels bit for bit, JPEG does not. */
  format?: 'png' | 'webp' | 'jpeg';
  /** Whether texture is copied from the photo's own pixels, where the service can do that. */
  texture?: 'auto' | 'on' | 'off';
  /** Which of many fills, 0 (the default) to 2147483647; the same number gives the same photo. */
  seed?: number;
  /** Which model fills, where the service has several: one of those in its `v1/models`. */
  model?: string;
  /** Grows the hole by so many pixels, 0 to 256. */
  dilate?: number;
  /** Fades the fill in over so many pixels inside the hole, 0 to 256. */
  feather?: number;
  /** Answer only the rectangle that changed; `onAnswer` tells its place. An empty Blob: nothing did. */
  crop?: boolean;
  /** Black is hole instead of white. */
  invertMask?: boolean;
  /** Aborting it rejects the promise with the signal's reason, and the service stops working. */
  signal?: AbortSignal;
  /** Called after each run of windows and each hole that was given its texture. */
  onProgress?: (progress: Progress) => void;
  /** Called before the photo is there. */
  onAnswer?: (answer: Answer) => void;
}

/** Why there is no filled photo. `message` is `detail`, or `title` where there is none. */
export class InpaintError extends Error {
  /** HTTP status; 0 where the service could not be reached or its answer broke off. */
  readonly status: number;
  /** The kind of problem, for programs: `urn:inpaint:problem:...`. */
  readonly type: string;
  /** The kind of problem in words. */
  readonly title: string;
  /** This occurrence in words. */
  readonly detail: string;
  /** The request's name in the log of the service. */
  readonly requestId: string | null;
  /** Seconds after which to try again, where the service said so. */
  readonly retryAfter: number | null;
}

/**
 * Fills the holes of a photo; every other pixel stays as it is.
 *
 * @param image PNG, JPEG or WebP.
 * @param mask An image of the same size; white, or any bright stroke on a transparent canvas, is
 *   filled. Without a mask the transparent part of the image is.
 * @returns The filled photo, or with `crop` the part of it that changed.
 * @throws {InpaintError} The service refused or failed, in its own words, or cannot be reached.
 */
export function inpaint(
  image: Blob,
  mask?: Blob | null,
  options?: InpaintOptions,
): Promise<Blob>;
