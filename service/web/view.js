// What the page shows beside the photo: the toolbar's state, progress, errors, announcements.
import { chosenModel, offerModels } from './models.js';

const $ = (selector) => document.querySelector(selector);
const RETRYABLE = [0, 408, 429, 500, 502, 503, 504];
const UNREAD = /:(unsupported-image|broken-image)$/; // which the browser may read better

/** Show what belongs to a state of the page, and nothing else. */
export function showState(state) {
  document.body.dataset.state = state;
  for (const element of document.querySelectorAll('[data-in]')) {
    element.hidden = !element.dataset.in.split(' ').includes(state);
  }
}

export function showTools(editor) {
  const painting = document.body.dataset.state === 'painting';
  $('#editor').dataset.tool = editor.tool;
  for (const button of document.querySelectorAll('[data-tool]:is(button)')) {
    button.setAttribute('aria-pressed', button.dataset.tool === editor.tool);
    button.disabled = !painting;
  }
  $('#size').value = editor.size;
  $('#size').disabled = !painting;
  const enabled = {
    undo: painting && editor.canUndo,
    redo: painting && editor.canRedo,
    clear: painting && editor.isMarked,
    fill: painting,
    saveMask: painting && editor.isMarked,
    loadMask: painting,
  };
  for (const [name, on] of Object.entries(enabled)) $(`[data-do=${name}]`).disabled = !on;
  $('header [data-do=download]').hidden = !(painting && editor.photo?.recipe?.of);
  for (const button of document.querySelectorAll('.percent')) {
    button.textContent = `${editor.zoomPercent} %`;
  }
}

/** How far the service is; null before it has said anything. */
export function showProgress(progress) {
  const bar = $('#progress');
  if (!progress) {
    bar.removeAttribute('value'); // a bar that only says that something happens
    $('#phase').textContent = 'Sending';
    return;
  }
  bar.max = progress.total;
  bar.value = progress.done;
  const steps = progress.total === 1 ? '1 step' : `${progress.total} steps`;
  $('#phase').textContent = `Filling, ${progress.done} of ${steps}`;
}

/** Show an error; `photo` is the one that was sent, if one was. */
export function showAlert(error, photo = null) {
  const alert = $('#alert');
  const title = error.title ?? 'That did not work';
  const detail = sentence(error.detail || error.message || '');
  alert.querySelector('strong').textContent = title;
  alert.querySelector('p').textContent = detail;
  alert.querySelector('p').hidden = !detail || detail === sentence(title);
  alert.querySelector('small').textContent = error.requestId ? `Request ${error.requestId}` : '';
  alert.querySelector('[data-do=retry]').hidden = !RETRYABLE.includes(error.status);
  const unread = UNREAD.test(error.type ?? '') && photo && !photo.converted;
  alert.querySelector('[data-do=convert]').hidden = !unread;
  alert.hidden = false;
}

export function hideAlert() {
  $('#alert').hidden = true;
}

/** Show something that went otherwise than expected and is no error; nothing hides it. */
export function showNote(text) {
  $('#note p').textContent = text;
  $('#note').hidden = !text;
}

/** Say something to those who hear the page. */
export function tell(text) {
  $('#news').textContent = text;
}

/** What the service is to be asked, as chosen in the settings. */
export function settings() {
  const { dilate, texture, key } = $('#settings form').elements;
  return {
    dilate: dilate.valueAsNumber || 0,
    texture: (!texture.disabled && texture.value) || undefined, // the server's own choice otherwise
    model: chosenModel(),
    key: key.value.trim() || undefined,
  };
}

/** Show what the service offers and under which terms. */
export function showService({ fields, models, terms }) {
  const { texture } = $('#settings form').elements;
  texture.disabled = !fields.includes('texture');
  texture.closest('label').hidden = texture.disabled;
  for (const line of document.querySelectorAll('.terms')) {
    line.textContent = `Terms of the model${models.length > 1 ? ` ${models[0]}` : ''}: ${terms}`;
    line.hidden = !terms || terms === 'unspecified';
  }
  offerModels(models);
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return !begun || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
