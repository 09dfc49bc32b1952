/** Plan, touched points and tool above the slices, as SVG: what is far from a slice is faint. */
import { svg } from '../core/dom.js';
import { createGrips } from './grips.js';
import { along, directionOf, residualColour } from './guidance.js';
import { createToolShapes } from './tool-shapes.js';
/**
 * @import { MeasurablePanel, Numbers, Vec3 } from '../types.js'
 * @import { Grippable } from './grips.js'
 * @import { Screw } from './guidance.js'
 */

/** @typedef {{place: Vec3, mm: number}} Residual a touched point and its distance to the surface */
/** @typedef {{tip: Vec3, axis: Vec3, isLive: boolean}} Tool */
/**
 * @typedef {object} Drawing
 * @property {Screw[]} screws
 * @property {Screw | null} target
 * @property {Residual[]} residuals
 * @property {Vec3[]} suggestions
 * @property {Tool | null} tool
 * @property {Grippable | null} grips of the screw that may be dragged
 */

const NEAR_MM = 3; // of a slice: what lies so near is drawn whole
const FAR_MM = 25; // and from there on not at all

/** How much is seen of what lies `mm` from the slice. @param {number} mm */
const shareAt = (mm) => Math.max(0, Math.min(1, 1 - (Math.abs(mm) - NEAR_MM) / (FAR_MM - NEAR_MM)));

/**
 * Shapes of places of the patient on one panel.
 *
 * @param {MeasurablePanel} panel
 */
function shapesOn(panel) {
  return {
    /** @param {Numbers} a @param {Numbers} b @param {Record<string, unknown>} attributes */
    line(a, b, attributes) {
      const [[x1, y1], [x2, y2]] = [panel.toScreen(a), panel.toScreen(b)];
      return svg('line', { x1, y1, x2, y2, ...attributes });
    },
    /** @param {Numbers} place @param {number} r @param {Record<string, unknown>} attributes */
    dot(place, r, attributes) {
      const [cx, cy] = panel.toScreen(place);
      return svg('circle', { cx, cy, r, ...attributes });
    },
    /** Pixels a millimetre. @param {Numbers} at */
    scaleAt(at) {
      const side = [0, 1, 2].map((n) => at[n] + (n === (panel.axis + 1) % 3 ? 1 : 0));
      const [a, b] = [panel.toScreen(at), panel.toScreen(side)];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    },
  };
}

/**
 * @param {HTMLElement} host
 * @param {MeasurablePanel} panel
 * @param {() => Numbers} crosshair
 */
export function createSliceLayer(host, panel, crosshair) {
  const { line, dot, scaleAt } = shapesOn(panel);
  const fixed = svg('g');
  const shapes = createToolShapes();
  const grips = createGrips(host, panel);
  const layer = svg('svg', { class: 'sv-navigation', 'aria-hidden': 'true' }, fixed, shapes.element, grips.element);
  host.append(layer);
  /** @type {Drawing} */
  let drawing = { screws: [], target: null, residuals: [], suggestions: [], tool: null, grips: null };

  const away = (/** @type {Numbers} */ place) => place[panel.axis] - crosshair()[panel.axis];
  /** The smallest distance of a segment from the slice. @param {Numbers} a @param {Numbers} b */
  const awayOf = (a, b) => (away(a) * away(b) < 0 ? 0 : Math.min(Math.abs(away(a)), Math.abs(away(b))));
  function drawFixed() {
    const { screws, target, residuals, suggestions } = drawing;
    const rods = screws.flatMap((screw) => {
      const opacity = shareAt(awayOf(screw.entry_ras_mm, screw.tip_ras_mm));
      if (opacity <= 0) return [];
      const look = `sv-screw sv-grade-${screw.grade || 'unknown'}${screw === target ? ' sv-target' : ''}`;
      const width = Math.max(2, screw.diameter_mm * scaleAt(screw.entry_ras_mm));
      const body = line(screw.entry_ras_mm, screw.tip_ras_mm, { class: look, opacity, 'stroke-width': width });
      const axis = along(screw.entry_ras_mm, directionOf(screw), -30);
      return [body, line(axis, screw.tip_ras_mm, { class: 'sv-screw-axis', opacity })];
    });
    const near = residuals.filter(({ place }) => Math.abs(away(place)) < NEAR_MM);
    const dots = near.map(({ place, mm }) => dot(place, 3, { class: 'sv-residual', fill: residualColour(mm) }));
    const wanted = suggestions.filter((place) => Math.abs(away(place)) < 2 * NEAR_MM);
    fixed.replaceChildren(...rods, ...dots, ...wanted.map((place) => dot(place, 7, { class: 'sv-suggestion' })));
  }

  function drawTool() {
    const { tool } = drawing;
    if (!tool) {
      shapes.hide();
      return;
    }
    const mm = Math.abs(away(tool.tip));
    const how = { isLive: tool.isLive, isNear: mm < NEAR_MM, opacity: Math.max(0.35, shareAt(mm)) };
    shapes.show(shapes.places(tool).map(panel.toScreen), how);
  }
  const draw = () => [drawFixed, drawTool, grips.draw].forEach((each) => each());
  const stop = panel.watch(draw);
  return {
    /** @param {Drawing} next */
    set(next) {
      drawing = next;
      grips.set(next.grips);
      draw();
    },
    /** The tool moved; the rest stays. @param {Tool | null} tool */
    setTool(tool) {
      drawing = { ...drawing, tool };
      drawTool();
    },
    destroy() {
      stop();
      layer.remove();
    },
  };
}
