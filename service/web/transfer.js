// What was dropped or pasted: the photo in it, or in words why there is none.

/**
 * The photo to open, and what to tell beside it.
 *
 * @param {DataTransfer | null} transfer
 * @param {'drop' | 'paste'} how
 * @returns {{ file?: File, note?: string, problem?: string }}
 */
export function pictureIn(transfer, how) {
  const files = filesOf(transfer);
  const file = files.find(({ type }) => type.startsWith('image/')) ?? files[0];
  if (!file) return { problem: whyNone(transfer, how) };
  if (files.length === 1) return { file };
  return { file, note: `There were ${files.length} files; this is ${file.name}. One photo at a time.` };
}

/** The files; a folder looks like one and cannot be read. */
function filesOf(transfer) {
  const folders = [...(transfer?.items ?? [])]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry?.isDirectory)
    .map((entry) => entry.name);
  return [...(transfer?.files ?? [])].filter((file) => file.type || !folders.includes(file.name));
}

function whyNone(transfer, how) {
  const types = [...(transfer?.types ?? [])];
  if (types.includes('Files')) return 'That is a folder. Open it and choose one photo.';
  if (types.includes('text/uri-list') || types.includes('text/html')) {
    return 'That is a link or a part of a page, and not a picture. Copy the picture itself, or save it and choose the file.';
  }
  if (types.includes('text/plain')) return 'That is text, and not a picture.';
  return how === 'paste' ? 'There is no picture in the clipboard.' : 'There is no picture in it.';
}
