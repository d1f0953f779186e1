// From pointers to what they mean: mouse, pen and one finger paint, two fingers zoom and pan, the
// middle button and the hand tool pan, the wheel zooms and with shift changes the brush.
const WHEEL = 0.0015; // zoom of one unit of the wheel
const TAP_POINTS = 6; // a second finger that comes this early means that no stroke was meant

export function listen(element, handler) {
  const fingers = new Map();
  let mode = null; // 'paint', 'pan' or 'pinch'

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, pressure: pressureOf(event) };
  };

  element.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'mouse' && event.button > 1) return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 2) {
      if (mode === 'paint') handler.strokeEnd({ meant: handler.strokeLength() > TAP_POINTS });
      mode = 'pinch';
    } else if (fingers.size === 1) {
      mode = event.button === 1 || handler.pans() ? 'pan' : 'paint';
      if (mode === 'paint') handler.strokeStart(place(event));
    }
  });

  element.addEventListener('pointermove', (event) => {
    handler.hover(event.pointerType === 'touch' ? null : place(event));
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (mode === 'paint') {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) handler.strokeMove(place(each));
    } else if (mode === 'pan') {
      const now = place(event);
      handler.pan(now.x - before.x, now.y - before.y);
    } else if (mode === 'pinch') {
      pinch(event);
    }
    fingers.set(event.pointerId, place(event));
  });

  function pinch(event) {
    const still = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (!still) return;
    const before = fingers.get(event.pointerId);
    const now = place(event);
    const distance = (point) => Math.hypot(point.x - still.x, point.y - still.y) || 1;
    handler.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    const middle = { x: (now.x + still.x) / 2, y: (now.y + still.y) / 2 };
    handler.zoomAt(middle.x, middle.y, distance(now) / distance(before));
  }

  function end(event, meant) {
    if (!fingers.delete(event.pointerId)) return;
    if (mode === 'paint') handler.strokeEnd({ meant });
    if (mode !== 'pinch' || fingers.size === 0) mode = null;
  }
  element.addEventListener('pointerup', (event) => end(event, true));
  element.addEventListener('pointercancel', (event) => end(event, false));
  element.addEventListener('pointerleave', () => handler.hover(null));

  element.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { x, y } = place(event);
    const lines = event.deltaMode === 1 ? 30 : 1; // Firefox counts in lines
    const pinched = event.ctrlKey ? 6 : 1; // trackpads send small steps
    const turned = event.deltaY || event.deltaX; // with shift some systems turn it aside
    const factor = Math.exp(-turned * lines * pinched * WHEEL);
    if (event.shiftKey && !event.ctrlKey) handler.resizeBrush(factor);
    else handler.zoomAt(x, y, factor);
  }, { passive: false });
}

/** 0 to 1; a mouse and a finger press with 1, a pen as it says. */
function pressureOf(event) {
  return event.pointerType === 'pen' ? event.pressure || 0.5 : 1;
}
