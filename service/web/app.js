// What the page does, from photo to download. States: empty, painting, sending, result.
import { Compare } from './compare.js';
import { Editor } from './editor.js';
import { inpaint } from './inpaint.js';
import { onKeys } from './keys.js';
import { download, openPhoto, pictureIn } from './photo.js';
import { hideAlert, settings, showAlert, showProgress, showTools, tell } from './view.js';

const $ = (selector) => document.querySelector(selector);
const editor = new Editor($('#editor'));
const compare = new Compare($('#handle'), editor);
const files = $('#file');

let photo = null; // { blob, bitmap, name }
let result = null; // likewise
let sending = null; // an AbortController

const state = () => document.body.dataset.state;

function enter(next) {
  document.body.dataset.state = next;
  for (const element of document.querySelectorAll('[data-in]')) {
    element.hidden = !element.dataset.in.split(' ').includes(next);
  }
  editor.locked = next !== 'painting';
  showTools(editor);
}

function begin(opened) {
  photo = opened;
  result = null;
  hideAlert();
  enter('painting');
  editor.open(photo.bitmap);
  $('#hint').classList.remove('gone');
  $('#editor').focus({ preventScroll: true });
}

async function open(file, name) {
  if (!file || state() === 'sending') return;
  try {
    begin(await openPhoto(file, name));
  } catch (error) {
    showAlert(error);
  }
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

async function fill() {
  if (state() !== 'painting') return;
  if (!editor.isMarked) {
    $('#hint').classList.remove('gone');
    tell('Paint over what should go first');
    return;
  }
  sending = new AbortController();
  hideAlert();
  enter('sending');
  showProgress(null);
  try {
    const options = { ...settings(), signal: sending.signal, onProgress: showProgress };
    const blob = await inpaint(photo.blob, await editor.mask(), options);
    result = await openPhoto(blob, photo.name);
    enter('result');
    compare.sweepTo(Math.min(0.5, Math.max(0.06, editor.holeStart - 0.04)));
    tell('Filled. The slider compares before and after.');
    $('#handle').focus({ preventScroll: true });
  } catch (error) {
    enter('painting');
    if (error.name === 'AbortError') tell('Cancelled');
    else showAlert(error);
    if (error.status === 401) $('#settings').showModal();
  } finally {
    sending = null;
  }
}

const actions = {
  new: () => files.click(),
  pick: () => files.click(),
  sample: openSample,
  settings: () => $('#settings').showModal(),
  help: () => $('#help').showModal(),
  undo: () => editor.undo(),
  redo: () => editor.redo(),
  clear: () => editor.clear(),
  zoomIn: () => editor.zoomIn(),
  zoomOut: () => editor.zoomOut(),
  fit: () => editor.fit(),
  fill,
  retry: fill,
  dismiss: hideAlert,
  cancel: () => sending?.abort(),
  back: () => {
    editor.compare(null);
    enter('painting');
  },
  continue: () => begin(result),
  download: () => download(result),
};

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-do], [data-tool]');
  if (!button) return;
  if (button.dataset.tool) editor.set({ tool: button.dataset.tool });
  else actions[button.dataset.do]();
});
onKeys({ state, editor, actions });

$('#size').addEventListener('input', ({ target }) => editor.set({ size: Number(target.value) }));
files.addEventListener('change', () => {
  open(files.files[0]);
  files.value = ''; // so that the same file can be chosen again
});
document.addEventListener('paste', (event) => open(pictureIn(event.clipboardData)));
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
  open(pictureIn(event.dataTransfer));
});

editor.addEventListener('change', () => showTools(editor));
editor.addEventListener('paint', () => $('#hint').classList.add('gone'));
editor.addEventListener('view', () => {
  if (state() !== 'result') return;
  const { left, top, height } = editor.divider;
  Object.assign($('#divider').style, { left: `${left}px`, top: `${top}px`, height: `${height}px` });
});
compare.addEventListener('change', () => editor.compare(result.bitmap, compare.share));
enter('empty');
