// Keys that work wherever the focus is, except in fields and dialogs.
import { SIZES } from './editor.js';

export function onKeys({ state, editor, actions }) {
  const tool = (name) => () => editor.set({ tool: name });
  const painting = {
    b: tool('brush'),
    e: tool('eraser'),
    r: tool('rectangle'),
    l: tool('lasso'),
    h: tool('hand'),
    '[': () => editor.set({ size: editor.size / SIZES.step }),
    ']': () => editor.set({ size: editor.size * SIZES.step }),
    Delete: actions.clear,
    Enter: actions.fill,
  };
  const zoom = { '+': actions.zoomIn, '=': actions.zoomIn, '-': actions.zoomOut, 0: actions.fit };
  const tries = { t: actions.again, ',': actions.earlier, '.': actions.later };
  const everywhere = { '?': actions.help };
  const keys = {
    empty: everywhere,
    painting: { ...everywhere, ...zoom, ...painting },
    sending: { ...zoom, Escape: actions.cancel },
    result: { ...everywhere, ...zoom, Escape: actions.back, Enter: actions.continue, ...tries },
  };
  const withControl = {
    painting: { z: actions.undo, Z: actions.redo, y: actions.redo, s: actions.download },
    result: { z: actions.back, s: actions.download },
  };

  document.addEventListener('keydown', (event) => {
    if (event.target.closest('dialog, input:not([type=range]), select') || event.altKey) return;
    if (event.key === 'Enter' && event.target.closest('button, a')) return; // it presses those
    const controlled = event.ctrlKey || event.metaKey;
    const table = (controlled ? withControl : keys)[state()] ?? {};
    const key = controlled && event.shiftKey ? event.key.toUpperCase() : event.key;
    const action = table[key] ?? (controlled ? undefined : table[event.key.toLowerCase()]);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || key !== 'Enter') action(); // one Enter fills, and does not go on at once
  });
}
