// The dialog that asks for a file's format, and the words and sizes that stand in it.
import { opened } from './dialogs.js';
import { megabytes } from './fitting.js';
import { FORMATS, guessedBytes, madeIn } from './saving.js';

const dialog = document.querySelector('#save');
const EXACT = 'Every pixel that you did not paint over stays exactly as it was.';
const LOSSY = 'The smallest file. All of the photo is compressed once more, so that its pixels change a little.';

/** Ask in which format a result is to be saved; null if in none. */
export async function askFormat(photo, own, chosen) {
  for (const [name, format] of Object.entries(FORMATS)) {
    const choice = dialog.querySelector(`[value=${name}]`);
    choice.checked = name === chosen;
    const [title, words] = choice.closest('label').querySelectorAll('b, small');
    title.textContent = name === own ? `${format.label}, as your photo` : format.label;
    words.textContent = format.exact ? EXACT : LOSSY;
    addSize(words, photo, name);
  }
  const answer = await opened(dialog);
  return answer === 'save' ? dialog.querySelector('[name=format]:checked').value : null;
}

/** Put a file's size before the words about it, as soon as it is known. */
async function addSize(words, { recipe, bitmap }, format) {
  const text = words.textContent;
  const made = madeIn(recipe, format);
  if (made) {
    words.textContent = `${megabytes(made.size)}. ${text}`;
  } else if (format === 'webp') {
    words.textContent = `Mostly smaller than PNG, and slower to make. ${text}`;
  } else {
    const bytes = await guessedBytes(bitmap, format);
    if (bytes) words.textContent = `About ${megabytes(bytes)}. ${text}`;
  }
}

/** What the button for saving says beside its name: `JPEG, 4.1 MB`. */
export function sizeLine({ recipe }, format) {
  const made = madeIn(recipe, format);
  return made ? `${FORMATS[format].label}, ${megabytes(made.size)}` : FORMATS[format].label;
}
