/**
 * Mouse, pen, touch and keys on a slice panel, told apart and named; nothing here knows what is drawn.
 *
 * Mouse: left the chosen tool, right window/level, middle pan, wheel scroll, Ctrl+wheel zoom.
 * Touch: one finger the chosen tool, two fingers pan and pinch.
 */

/** What a drag does, from the button, the pressed keys and the tool chosen. */
export function dragAction(button, modifiers, tool) {
  if (button === 2) return modifiers.ctrl ? 'zoom' : 'window';
  if (button === 1 || modifiers.shift) return 'pan';
  if (modifiers.ctrl) return 'zoom';
  return tool;
}

const WHEEL_STEP = 60; // px of a trackpad's wheel that make one slice

/** Whole slices in a stream of wheel events; keeps what is left over. */
export function wheelSteps() {
  let rest = 0;
  return (deltaY, deltaMode) => {
    if (deltaMode !== 0 || Math.abs(deltaY) >= 100) {
      rest = 0;
      return Math.sign(deltaY);
    }
    rest += deltaY;
    const steps = Math.trunc(rest / WHEEL_STEP);
    rest -= steps * WHEEL_STEP;
    return steps;
  };
}

const middleOf = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
const distanceOf = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * Listen on `element`. `on` holds: crosshair(at), scroll(steps), zoom(at, factor), pan(dx, dy),
 * windowing(dx, dy), windowed(), hover(at | null), key(event); `tool()` answers the tool chosen.
 * Returns a function that stops listening.
 */
export function listen(element, on, tool) {
  const pointers = new Map();
  const steps = wheelSteps();
  let action = null;
  let scrolled = 0;

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const drag = {
    crosshair: (now) => on.crosshair(now),
    window: (now, dx, dy) => on.windowing(dx, dy),
    pan: (now, dx, dy) => on.pan(dx, dy),
    zoom: (now, dx, dy) => on.zoom(now, Math.exp(-dy / 150)),
    scroll: (now, dx, dy) => {
      scrolled += dy / 6;
      const whole = Math.trunc(scrolled);
      scrolled -= whole;
      if (whole) on.scroll(whole);
    },
  };

  const handlers = {
    pointerdown(event) {
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      scrolled = 0;
      action = pointers.size > 1 ? 'pinch' : dragAction(event.button, { ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey }, tool());
      if (action === 'crosshair') on.crosshair(at(event));
      event.preventDefault();
    },
    pointermove(event) {
      const now = at(event);
      if (event.pointerType !== 'touch') on.hover(now);
      if (!pointers.has(event.pointerId)) return;
      const before = [...pointers.values()];
      const last = pointers.get(event.pointerId);
      pointers.set(event.pointerId, now);
      if (action === 'pinch' && pointers.size === 2) {
        const after = [...pointers.values()];
        const [from, to] = [middleOf(before), middleOf(after)];
        on.pan(to[0] - from[0], to[1] - from[1]);
        on.zoom(to, distanceOf(after) / Math.max(1, distanceOf(before)));
      } else if (drag[action]) {
        drag[action](now, now[0] - last[0], now[1] - last[1]);
      }
    },
    pointerup(event) {
      pointers.delete(event.pointerId);
      if (action === 'window') on.windowed();
      action = null; // the finger that stays after a pinch draws nothing
    },
    pointerleave: () => on.hover(null),
    contextmenu: (event) => event.preventDefault(),
    wheel(event) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) on.zoom(at(event), Math.exp(-event.deltaY / 300));
      else {
        const by = steps(event.deltaY, event.deltaMode);
        if (by) on.scroll(by);
      }
    },
    keydown: (event) => on.key(event),
  };
  handlers.pointercancel = handlers.pointerup;

  Object.entries(handlers).forEach(([name, handler]) => element.addEventListener(name, handler, { passive: false }));
  return () => Object.entries(handlers).forEach(([name, handler]) => element.removeEventListener(name, handler));
}
