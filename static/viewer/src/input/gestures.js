/**
 * Mouse, pen, touch and keys on a slice panel, told apart and named; nothing here knows what is drawn.
 *
 * Mouse: left the chosen tool, right window/level, middle pan, wheel scroll, Ctrl+wheel zoom.
 * Touch: one finger the chosen tool, two fingers scroll, pan and pinch, a finger held still reads the HU under it. What
 * a finger means is known only once it moved, was lifted or was held: until then it does nothing.
 */
import { SAME_PLACE_PX, TWICE_MS } from './double-tap.js';
import { createTwoFingers } from './two-finger-gesture.js';
/** @import { Vec2 } from '../types.js' */

/**
 * What can be done to a panel; places are px from its upper left corner.
 *
 * @typedef {object} PanelActions
 * @property {(at: Vec2) => void} crosshair
 * @property {(steps: number) => void} scroll
 * @property {(at: Vec2, factor: number) => void} zoom
 * @property {(dx: number, dy: number) => void} pan
 * @property {(dx: number, dy: number) => void} windowing window and level are being changed
 * @property {() => void} windowed they were changed
 * @property {(at: ?Vec2) => void} hover
 * @property {(at: ?Vec2) => void} probe a finger held still
 * @property {(event: KeyboardEvent) => void} key
 * @property {() => ?StrokeActions} [edit] what a drag with the tool "edit" does
 */

/**
 * A stroke of a tool that changes a mask.
 *
 * @typedef {object} StrokeActions
 * @property {(at: Vec2, event: PointerEvent) => void} begin
 * @property {(at: Vec2, event: PointerEvent) => void} move
 * @property {(at: Vec2) => void} end
 * @property {() => void} cancel it was none
 */

/**
 * What a drag does.
 *
 * @param {number} button of the mouse
 * @param {{ctrl: boolean, shift: boolean}} modifiers keys pressed
 * @param {string} tool chosen
 */
export function dragAction(button, modifiers, tool) {
  if (button === 2) return modifiers.ctrl ? 'zoom' : 'window';
  if (button === 1 || modifiers.shift) return 'pan';
  if (modifiers.ctrl) return 'zoom';
  return tool;
}

const WHEEL_STEP = 60; // px of a trackpad's wheel that make one slice

/** Whole slices in a stream of wheel events; what is left over counts for the next one. */
export function wheelSteps() {
  let rest = 0;
  return (/** @type {number} */ deltaY, /** @type {number} */ deltaMode) => {
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

/** A finger held still: `act(at)` is called after a while. @param {(at: Vec2) => void} act */
function createLongPress(act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Vec2} */
  let from = [0, 0];
  const end = () => clearTimeout(timer);
  return {
    end,
    /** @param {Vec2} at */
    start(at) {
      end();
      from = at;
      timer = setTimeout(() => act(at), HOLD_MS);
    },
    /** @param {Vec2} at */
    move(at) {
      if (distance(at, from) > STILL_PX) end();
    },
  };
}

/**
 * What dragging does, by name of the action.
 *
 * @param {PanelActions} on
 * @returns {Record<string, (at: Vec2, dx: number, dy: number) => void>}
 */
function dragHandlers(on) {
  let scrolled = 0;
  return {
    probe: (at) => on.probe(at),
    crosshair: (at) => on.crosshair(at),
    window: (at, dx, dy) => on.windowing(dx, dy),
    pan: (at, dx, dy) => on.pan(dx, dy),
    zoom: (at, dx, dy) => on.zoom(at, Math.exp(-dy / 150)),
    scroll(at, dx, dy) {
      scrolled += dy / 6;
      const whole = Math.trunc(scrolled);
      scrolled -= whole;
      if (whole) on.scroll(whole);
    },
  };
}

/**
 * A tap, which acts once it is known that no second one makes it a double tap.
 *
 * @param {(at: Vec2) => void} act
 */
function createSingleTap(act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {?{at: Vec2, time: number}} */
  let before = null;
  return {
    /** A finger is down again: what the last tap meant is open. */
    wait: () => clearTimeout(timer),
    /** What came after the last tap was no tap. */
    forget() {
      clearTimeout(timer);
      before = null;
    },
    /** @param {Vec2} at @param {number} time ms */
    tapped(at, time) {
      const isSecond = before && time - before.time < TWICE_MS && distance(before.at, at) < SAME_PLACE_PX;
      clearTimeout(timer);
      before = isSecond ? null : { at, time };
      if (!isSecond) timer = setTimeout(() => act(at), TWICE_MS);
    },
  };
}

/** @param {Vec2} a @param {Vec2} b */
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * One finger: what it does is open until it moves, is lifted, is held still or gets company.
 *
 * @param {PanelActions} on
 * @param {(action: string, from: Vec2, event?: PointerEvent) => void} decide called with what it does from now on
 */
function createFinger(on, decide) {
  let open = '';
  /** @type {Vec2} */
  let from = [0, 0];
  const singleTap = createSingleTap(on.crosshair);
  const longPress = createLongPress((place) => {
    open = '';
    decide('probe', place);
    on.probe(place);
  });
  return {
    /** @param {Vec2} at @param {string} wanted what it does if it moves */
    down(at, wanted) {
      singleTap.wait();
      [open, from] = [wanted, at];
      longPress.start(at);
    },
    /** @param {Vec2} at @param {PointerEvent} event */
    move(at, event) {
      longPress.move(at);
      if (!open || distance(from, at) <= STILL_PX) return;
      decide(open, from, event);
      open = '';
    },
    /** @param {Vec2} at @param {PointerEvent} event */
    up(at, event) {
      longPress.end();
      if (open === 'edit' && event.type === 'pointerup') dab(on, at, event);
      if (open === 'crosshair' && event.type === 'pointerup') singleTap.tapped(at, event.timeStamp);
      else singleTap.forget();
      open = '';
    },
    /** It is not alone, or no finger. */
    drop() {
      longPress.end();
      singleTap.forget();
      open = '';
    },
  };
}

/** @param {PanelActions} on @param {Vec2} at @param {PointerEvent} event */
function endStroke(on, at, event) {
  if (event.type === 'pointerup') on.edit?.()?.end(at);
  else on.edit?.()?.cancel();
}

/** A stroke of one place. @param {PanelActions} on @param {Vec2} at @param {PointerEvent} event */
function dab(on, at, event) {
  on.edit?.()?.begin(at, event);
  on.edit?.()?.end(at);
}

/**
 * Handlers of pointers.
 *
 * @param {HTMLElement} element
 * @param {PanelActions} on
 * @param {() => string} tool chosen
 * @param {(event: MouseEvent) => Vec2} at
 */
function pointerHandlers(element, on, tool, at) {
  /** @type {Map<number, Vec2>} */
  const pointers = new Map();
  let action = '';
  let drag = dragHandlers(on);
  let two = createTwoFingers([], on);
  const finger = createFinger(on, (next, from, event) => {
    action = next;
    if (next === 'edit' && event) on.edit?.()?.begin(from, event);
  });

  function press(/** @type {PointerEvent} */ event) {
    const wanted = dragAction(event.button, { ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey }, tool());
    if (event.pointerType === 'touch') {
      action = '';
      finger.down(at(event), wanted);
    } else {
      action = wanted;
      if (action === 'crosshair') on.crosshair(at(event));
      if (action === 'edit') on.edit?.()?.begin(at(event), event);
    }
  }
  const end = (/** @type {PointerEvent} */ event) => {
    pointers.delete(event.pointerId);
    if (action === 'window') on.windowed();
    if (action === 'probe') on.probe(null);
    if (action === 'edit') endStroke(on, at(event), event);
    action = ''; // the finger that stays after a pinch draws nothing
    finger.up(at(event), event);
  };

  return {
    /** @param {PointerEvent} event */
    pointerdown(event) {
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      drag = dragHandlers(on);
      if (pointers.size === 2) {
        finger.drop();
        if (action === 'edit') on.edit?.()?.cancel();
        action = 'two';
        two = createTwoFingers([...pointers.values()], on);
      } else press(event);
      event.preventDefault();
    },
    /** @param {PointerEvent} event */
    pointermove(event) {
      const now = at(event);
      if (event.pointerType !== 'touch') on.hover(now);
      const last = pointers.get(event.pointerId);
      if (!last) return;
      pointers.set(event.pointerId, now);
      finger.move(now, event);
      if (action === 'edit') on.edit?.()?.move(now, event);
      else if (action === 'two' && pointers.size === 2) two.move([...pointers.values()]);
      else drag[action]?.(now, now[0] - last[0], now[1] - last[1]);
    },
    pointerup: end,
    pointercancel: end,
    pointerleave: () => on.hover(null),
  };
}

/**
 * Listen on an element.
 *
 * @param {HTMLElement} element
 * @param {PanelActions} on
 * @param {() => string} tool chosen
 * @returns a function that stops listening
 */
export function listen(element, on, tool) {
  const steps = wheelSteps();
  const at = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return /** @type {Vec2} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  const handlers = {
    ...pointerHandlers(element, on, tool, at),
    contextmenu: (/** @type {Event} */ event) => event.preventDefault(),
    /** @param {WheelEvent} event */
    wheel(event) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) on.zoom(at(event), Math.exp(-event.deltaY / 300));
      else {
        const by = steps(event.deltaY, event.deltaMode);
        if (by) on.scroll(by);
      }
    },
    keydown: on.key,
  };
  return listenAll(element, handlers);
}

/**
 * @param {HTMLElement} element
 * @param {object} handlers by type of event
 */
function listenAll(element, handlers) {
  const all = Object.entries(handlers);
  all.forEach(([name, handler]) => element.addEventListener(name, handler, { passive: false }));
  return () => all.forEach(([name, handler]) => element.removeEventListener(name, handler));
}
