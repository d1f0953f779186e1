// Files in and out.
const SENDABLE = ['image/png', 'image/jpeg', 'image/webp'];
const ENDINGS = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/webp': 'webp' };

/** A file as a photo: { blob, bitmap, name }. What the service does not read becomes a PNG. */
export async function openPhoto(file, name = file.name || 'photo') {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright, as the service turns it too
  } catch (cause) {
    throw new Error(`This browser cannot read ${name} as a picture.`, { cause });
  }
  const blob = SENDABLE.includes(file.type) ? file : await pngOf(bitmap);
  return { blob, bitmap, name };
}

async function pngOf(bitmap) {
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

/** The first picture among what was dropped or pasted. */
export function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith('image/'));
}

export function download({ blob, name }) {
  const stem = name.replace(/\.[^.]*$/, '');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${stem}-filled.${ENDINGS[blob.type] ?? 'png'}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
