// What the page does, from photo to file. States: empty, painting, sending, result.
import { Compare } from './compare.js';
import { ask } from './dialogs.js';
import { Editor } from './editor.js';
import { megapixels } from './fitting.js';
import { inpaint } from './inpaint.js';
import { onKeys } from './keys.js';
import { readMask } from './mask.js';
import { converted, openPhoto } from './photo.js';
import { askFormat, sizeLine } from './save_dialog.js';
import { download, formatOf, nameFor, resultIn } from './saving.js';
import { service } from './service.js';
import { pictureIn } from './transfer.js';
import { Tries, showTries } from './tries.js';
import {
  hideAlert, settings, showAlert, showNote, showProgress, showService, showState, showTools, tell,
} from './view.js';

const $ = (selector) => document.querySelector(selector);
const editor = new Editor($('#editor'));
const compare = new Compare($('#handle'), editor);
const files = $('#file');
const masks = $('#mask-file');

let sending = null; // an AbortController
let format = null; // to save in; null: the photo's own
let saved = null; // the last result that was saved
let opening = false;

const state = () => document.body.dataset.state;
const formatNow = () => format ?? ownFormat(editor.photo.recipe);
const focusEditor = () => $('#editor').focus({ preventScroll: true });

function enter(next) {
  showState(next);
  editor.locked = next !== 'painting';
  showTools(editor);
}

// --- photos in

/** Whether there is anything that a second photo would take away. */
function hasWork() {
  const { photo } = editor;
  return Boolean(photo) && (editor.isMarked || (Boolean(photo.recipe.of) && photo !== saved));
}

async function open(file, name = file.name || 'photo', note = '') {
  if (opening) return;
  if (state() === 'sending') {
    tell('Wait for the photo that is being filled, or cancel it first');
    return;
  }
  opening = true;
  try {
    const limits = await service;
    const photo = await openPhoto(file, name, limits, mayScale);
    if (!photo || (hasWork() && !(await mayReplace()))) return;
    begin(photo);
    showNote([note, ...photo.notes].filter(Boolean).join(' '));
  } catch (error) {
    showAlert({ title: 'That photo was not opened', message: error.message });
  } finally {
    opening = false;
  }
}

function mayScale(from, to) {
  return ask(
    'This photo is too large',
    `It has ${from.width} × ${from.height}, which is ${megapixels(from.width * from.height)}; this service takes ${megapixels(to.width * to.height)}. Go on with a smaller copy of ${to.width} × ${to.height}? The file you chose stays as it is.`,
    'Scale it down',
  );
}

function mayReplace() {
  const what = editor.isMarked ? 'What you painted' : 'The result, which is not saved,';
  return ask('Open another photo?', `${what} will be gone.`, 'Open the other one', 'Keep this one');
}

function begin(photo) {
  photo.recipe ??= { blob: photo.blob };
  hideAlert();
  editor.open(photo);
  enter('painting');
  $('#hint').classList.remove('gone');
  focusEditor();
}

function take(transfer, how) {
  const { file, note, problem } = pictureIn(transfer, how);
  if (file) open(file, undefined, note);
  else showAlert({ title: 'Nothing was opened', message: problem });
}

async function openSample() {
  try {
    const answer = await fetch($('.sample img').src);
    if (!answer.ok) throw new Error(`The sample photo is missing (${answer.status}).`);
    await open(await answer.blob(), 'sample.jpg');
  } catch (error) {
    showAlert(error);
  }
}

async function loadMask(file) {
  try {
    editor.add(await readMask(file, editor.photo.bitmap));
    hideAlert();
    focusEditor();
  } catch (error) {
    showAlert({ title: 'That mask was not loaded', message: error.message });
  }
}

// --- filling

/** Have the service do something, and show how far it is; null if it was cancelled or failed. */
async function asked(work) {
  const from = state();
  sending = new AbortController();
  hideAlert();
  enter('sending');
  focusEditor(); // the button that was pressed is disabled now; Escape cancels
  showProgress(null);
  try {
    return await work({ key: settings().key, signal: sending.signal, onProgress: showProgress });
  } catch (error) {
    if (error.name === 'AbortError') tell('Cancelled');
    else showAlert(error, editor.photo);
    if (error.status === 401) $('#settings').showModal();
    return null;
  } finally {
    sending = null;
    enter(from);
  }
}

async function fill() {
  if (state() !== 'painting') return;
  if (!editor.isMarked) {
    $('#hint').classList.remove('gone');
    tell('Paint over what should go first');
    return;
  }
  showNote('');
  const { photo } = editor;
  const result = await asked(async (options) => {
    const { key, ...chosen } = { ...settings(), format: formatNow() };
    const mask = await editor.mask();
    return made({ ...photo, recipe: { of: photo.recipe, mask, options: chosen } }, options);
  });
  if (!result) return;
  result.tries = new Tries(result);
  show(result);
}

/** The photo that a recipe makes. */
async function made({ recipe, ...photo }, options) {
  let said = null;
  const onAnswer = ({ texture, model }) => { said = { texture, model }; };
  const blob = await inpaint(recipe.of.blob, recipe.mask, {
    ...options, ...recipe.options, onAnswer,
  });
  const bitmap = await createImageBitmap(blob);
  return { ...photo, ...said, blob, bitmap, recipe: { ...recipe, blob } };
}

/** Another result of the same mask, by the model chosen now; those before it stay. */
async function again() {
  const { photo } = editor;
  const button = $('[data-do=again]');
  if (state() !== 'result' || button.hidden) return;
  const { of, mask, options: chosen } = photo.recipe;
  const { model } = settings();
  const changed = { model, format: formatNow(), seed: photo.tries.nextSeed(model) };
  const recipe = { of, mask, options: { ...chosen, ...changed } };
  const result = await asked((options) => made({ ...photo, recipe }, options));
  if (result) {
    photo.tries.add(result);
    showTry(result);
  }
  button.focus({ preventScroll: true });
}

function step(count) {
  const other = state() === 'result' && editor.photo.tries.after(editor.photo, count);
  if (other) showTry(other);
}

function showTry(photo) {
  editor.swap(photo);
  showResult(photo);
  tell(`Try ${photo.tries.placeOf(photo)} of ${photo.tries.count}`);
}

function showResult(photo) {
  $('#size-line').textContent = sizeLine(photo, formatNow());
  showTries(photo, settings().model);
}

function show(result) {
  const start = Math.min(0.5, Math.max(0.06, editor.holeStart - 0.04));
  editor.proceed(result);
  enter('result');
  showResult(result);
  compare.sweepTo(start);
  tell('Filled. The slider compares before and after.');
  $('#handle').focus({ preventScroll: true });
}

/** The service could not read the file; this browser can. */
async function convert() {
  const photo = await converted(editor.photo, await service);
  photo.recipe = { blob: photo.blob };
  editor.exchange(photo);
  await fill();
}

// --- results out

async function save() {
  const { photo } = editor;
  const wanted = formatNow();
  const blob = photo.recipe.of && (await asked((options) => resultIn(photo.recipe, wanted, options)));
  if (!blob) return;
  download(blob, nameFor(photo.name, 'filled', wanted));
  saved = photo;
  tell('Saved');
}

async function saveAs() {
  const { photo } = editor;
  const chosen = await askFormat(photo, ownFormat(photo.recipe), formatNow());
  if (!chosen) return;
  format = chosen;
  await save();
  if (state() === 'result') $('#size-line').textContent = sizeLine(photo, chosen);
}

/** The format of the photo that was opened. */
function ownFormat(recipe) {
  return recipe.of ? ownFormat(recipe.of) : formatOf(recipe.blob);
}

async function saveMask() {
  download(await editor.mask(), nameFor(editor.photo.name, 'mask', 'png'));
  $('#settings').close();
}

function back() {
  editor.compare(null);
  editor.undo();
  enter('painting');
  focusEditor();
}

function goOn() {
  editor.compare(null);
  enter('painting');
  $('#hint').classList.remove('gone');
  focusEditor();
}

// --- what leads here

const actions = {
  new: () => files.click(),
  pick: () => files.click(),
  sample: openSample,
  settings: () => $('#settings').showModal(),
  help: () => $('#help').showModal(),
  closeDialog: () => $('dialog[open]').close(),
  undo: () => editor.undo(),
  redo: () => editor.redo(),
  clear: () => editor.clear(),
  zoomIn: () => editor.zoomIn(),
  zoomOut: () => editor.zoomOut(),
  fit: () => editor.fit(),
  fill,
  retry: fill,
  convert,
  dismiss: hideAlert,
  dismissNote: () => showNote(''),
  cancel: () => sending?.abort(),
  back,
  continue: goOn,
  again,
  earlier: () => step(-1),
  later: () => step(1),
  download: save,
  saveAs,
  saveMask,
  loadMask: () => masks.click(),
};

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-do], [data-tool]');
  if (!button) return;
  if (button.dataset.tool) editor.set({ tool: button.dataset.tool });
  else actions[button.dataset.do]();
});
onKeys({ state, editor, actions });

$('#size').addEventListener('input', ({ target }) => editor.set({ size: Number(target.value) }));
$('#settings [name=model]').addEventListener('change', () => {
  if (editor.photo?.tries) showTries(editor.photo, settings().model);
});
files.addEventListener('change', () => {
  const file = files.files[0];
  if (file) open(file);
  files.value = ''; // so that the same file can be chosen again
});
masks.addEventListener('change', () => {
  const file = masks.files[0];
  $('#settings').close();
  if (file) loadMask(file);
  masks.value = '';
});
document.addEventListener('paste', (event) => {
  if (event.target.closest?.('input, dialog')) return; // a key, say
  take(event.clipboardData, 'paste');
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  take(event.dataTransfer, 'drop');
});
window.addEventListener('beforeunload', (event) => {
  if (hasWork()) event.preventDefault(); // the browser asks in its own words
});

editor.addEventListener('change', () => showTools(editor));
editor.addEventListener('paint', () => $('#hint').classList.add('gone'));
editor.addEventListener('view', () => {
  if (state() !== 'result') return;
  const { left, top, height } = editor.divider;
  Object.assign($('#divider').style, { left: `${left}px`, top: `${top}px`, height: `${height}px` });
});
compare.addEventListener('change', () => editor.compare(compare.share));
service.then(showService);
enter('empty');
