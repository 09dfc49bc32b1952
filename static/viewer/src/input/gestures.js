/**
 * Mouse, pen, touch and keys on a slice panel, told apart and named; nothing here knows what is drawn.
 *
 * Mouse: left the chosen tool, right window/level, middle pan, wheel scroll, Ctrl+wheel zoom.
 * Touch: one finger the chosen tool, two fingers scroll, pan and pinch, a finger held still reads the HU under it.
 */

import { createTwoFingers } from './two-finger-gesture.js';

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

const HOLD_MS = 500;
const STILL_PX = 10;

/**
 * Listen on `element`. `on` holds: crosshair(at), scroll(steps), zoom(at, factor), pan(dx, dy),
 * windowing(dx, dy), windowed(), hover(at | null), probe(at | null), key(event); `tool()` answers the tool chosen.
 * Returns a function that stops listening.
 */
export function listen(element, on, tool) {
  const pointers = new Map();
  const steps = wheelSteps();
  let action = null;
  let scrolled = 0;
  let two = null;
  let hold = { timer: 0, at: [0, 0] }; // of a finger that may become a long press

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const endHold = () => clearTimeout(hold.timer);
  function startHold(place) {
    endHold();
    const timer = setTimeout(() => {
      action = 'probe';
      on.probe(place);
    }, HOLD_MS);
    hold = { timer, at: place };
  }

  const drag = {
    probe: (now) => on.probe(now),
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
      if (pointers.size === 2) {
        endHold();
        action = 'two';
        two = createTwoFingers([...pointers.values()], on);
      } else {
        action = dragAction(event.button, { ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey }, tool());
        if (event.pointerType === 'touch') startHold(at(event));
        if (action === 'crosshair') on.crosshair(at(event));
      }
      event.preventDefault();
    },
    pointermove(event) {
      const now = at(event);
      if (event.pointerType !== 'touch') on.hover(now);
      if (!pointers.has(event.pointerId)) return;
      const last = pointers.get(event.pointerId);
      pointers.set(event.pointerId, now);
      if (Math.hypot(now[0] - hold.at[0], now[1] - hold.at[1]) > STILL_PX) endHold();
      if (action === 'two' && pointers.size === 2) two.move([...pointers.values()]);
      else if (drag[action]) drag[action](now, now[0] - last[0], now[1] - last[1]);
    },
    pointerup(event) {
      endHold();
      pointers.delete(event.pointerId);
      if (action === 'window') on.windowed();
      if (action === 'probe') on.probe(null);
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
