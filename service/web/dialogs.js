// Questions that must be answered before the page goes on.
const $ = (selector) => document.querySelector(selector);

/** Ask; whether the answer was yes. Closing the question is a no. */
export function ask(title, text, yes, no = 'Cancel') {
  const dialog = $('#question');
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('p').textContent = text;
  dialog.querySelector('[value=yes]').textContent = yes;
  dialog.querySelector('[value=no]').textContent = no;
  return opened(dialog).then((answer) => answer === 'yes');
}

/** Open a dialog; the value of the button that closed it. */
export function opened(dialog) {
  if (dialog.open) dialog.close(''); // a newer question takes the place of an older one
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.returnValue), { once: true });
  });
}
