/**
 * Drawing a new measurement with the pointer: a press sets a point; letting go elsewhere sets the next, or corrects the
 * last.
 */
import { CLICKS, ellipseIn } from './math.js';
/** @import { MeasurablePanel, MeasurementKind, Measurements, Vec2, Vec3 } from '../types.js' */

const DRAGGED_PX = 6;

/**
 * @param {HTMLElement} element the panel's host
 * @param {SVGElement} layer takes the pointer while a tool is chosen
 * @param {MeasurablePanel} panel
 * @param {Measurements} model
 * @param {{at: (event: PointerEvent) => Vec2, draw: () => void}} view place of an event in px; draw the layer again
 */
export function createDrawing(element, layer, panel, model, { at, draw }) {
  /** @type {Vec3[]} */
  let fixed = []; // points that are set
  /** @type {?Vec3} */
  let rubber = null; // the point that follows the pointer
  /** @type {?Vec2} */
  let pressedAt = null;

  // Corners of an ellipse become its centre and axes: its third corner lies level with `a` and above `b` on the screen.
  const shaped = (/** @type {MeasurementKind} */ kind, /** @type {Vec3[]} */ points) => {
    if (kind !== 'ellipse' || points.length !== 2) return points;
    const [a, b] = points;
    const third = panel.toWorld([panel.toScreen(b)[0], panel.toScreen(a)[1]]);
    return ellipseIn(a, b, third);
  };

  const handlers = {
    /** @param {PointerEvent} event */
    pointerdown(event) {
      if (!model.tool || event.button > 0) return;
      event.stopPropagation();
      event.preventDefault();
      element.focus({ preventScroll: true });
      layer.setPointerCapture(event.pointerId);
      pressedAt = at(event);
      rubber = panel.toWorld(pressedAt);
      fixed = [...fixed, rubber];
      draw();
    },
    /** @param {PointerEvent} event */
    pointermove(event) {
      if (!fixed.length) return;
      rubber = panel.toWorld(at(event));
      draw();
    },
    /** @param {PointerEvent} event */
    pointerup(event) {
      const { tool } = model;
      if (!pressedAt || !tool) return;
      event.stopPropagation();
      const to = at(event);
      const most = CLICKS[tool];
      if (Math.hypot(to[0] - pressedAt[0], to[1] - pressedAt[1]) >= DRAGGED_PX)
        fixed = [...(fixed.length < most ? fixed : fixed.slice(0, -1)), panel.toWorld(to)];
      pressedAt = null;
      if (fixed.length < most) draw();
      else model.add(tool, panel.plane, shaped(tool, fixed));
    },
    pointercancel() {
      fixed = [];
      pressedAt = null;
      draw();
    },
  };

  return {
    handlers,
    /** Drop what is begun. */
    clear() {
      fixed = [];
    },
    /** The points of what is begun, the pointer's among them. @param {MeasurementKind} kind */
    begun: (kind) => (fixed.length && rubber ? shaped(kind, [...fixed, rubber].slice(0, CLICKS[kind])) : []),
  };
}
