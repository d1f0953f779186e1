// What the page shows beside the photo: the toolbar's state, progress, errors, announcements.
const $ = (selector) => document.querySelector(selector);
const RETRYABLE = [0, 408, 429, 500, 502, 503, 504];

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
    undo: editor.canUndo,
    redo: editor.canRedo,
    clear: painting && editor.isMarked,
    fill: painting,
  };
  for (const [name, on] of Object.entries(enabled)) $(`[data-do=${name}]`).disabled = !on;
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

export function showAlert(error) {
  const alert = $('#alert');
  alert.querySelector('strong').textContent = error.title ?? 'That did not work';
  alert.querySelector('p').textContent = sentence(error.detail ?? error.message);
  alert.querySelector('small').textContent = error.requestId ? `Request ${error.requestId}` : '';
  alert.querySelector('[data-do=retry]').hidden = !RETRYABLE.includes(error.status);
  alert.hidden = false;
}

export function hideAlert() {
  $('#alert').hidden = true;
}

/** Say something to those who hear the page. */
export function tell(text) {
  $('#news').textContent = text;
}

export function settings() {
  const { dilate, format, key } = $('#settings form').elements;
  return {
    dilate: dilate.valueAsNumber || 0,
    format: format.value,
    key: key.value.trim() || undefined,
  };
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
