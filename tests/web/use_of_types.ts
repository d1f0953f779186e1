import { inpaint, InpaintError, type InpaintOptions, type Progress } from './inpaint.js';

const options: InpaintOptions = {
  service: new URL('https://inpaint.example'),
  key: 'key',
  format: 'webp',
  dilate: 4,
  texture: 'off',
  model: 'lama',
  invertMask: true,
  crop: true,
  onAnswer: ({ model, place, size }) => console.log(model?.length, place?.left, size?.width),
  signal: AbortSignal.timeout(1000),
  onProgress: ({ done, total }: Progress) => console.log(done / total),
};
export const filled: Promise<Blob> = inpaint(new Blob(), null, options);
export const simple: Promise<Blob> = inpaint(new Blob(), new Blob());

filled.catch((error: unknown) => {
  if (!(error instanceof InpaintError)) throw error;
  const words: string = `${error.title}: ${error.detail} (${error.type}, ${error.message})`;
  const numbers: [number, number | null, string | null] = [
    error.status,
    error.retryAfter,
    error.requestId,
  ];
  console.log(words, numbers);
});

// @ts-expect-error there is no such format
inpaint(new Blob(), null, { format: 'gif' });
// @ts-expect-error an address is no image
inpaint('photo.png');
