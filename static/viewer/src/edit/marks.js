/** What is drawn above a slice while a mask is edited: the brush's circle, seeds, and a line. */
import { svg } from '../core/dom.js';
/** @import { Vec2 } from '../types.js' */

const SEED_PX = 6;

/** @param {Element} node @param {Record<string, number>} attributes */
const set = (node, attributes) =>
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, String(value)));

/** @param {HTMLElement} element the panel's host */
export function createMarks(element) {
  const ring = svg('circle', { class: 'sv-brush', r: 0 });
  const line = svg('line', { class: 'sv-cut' });
  const dots = svg('g');
  const layer = svg('svg', { class: 'sv-edit', 'aria-hidden': 'true' }, dots, line, ring);
  element.append(layer);
  return {
    /** The brush's circle; none where `at` is null. @param {?Vec2} at @param {number} r px @param {boolean} erases */
    ring(at, r, erases) {
      set(ring, at ? { cx: at[0], cy: at[1], r } : { r: 0 });
      ring.classList.toggle('sv-erases', erases);
    },
    /** A line; none where its ends are null. @param {?Vec2} from px @param {?Vec2} to */
    line(from, to) {
      line.classList.toggle('sv-seen', from !== null);
      if (from && to) set(line, { x1: from[0], y1: from[1], x2: to[0], y2: to[1] });
    },
    /** @param {Vec2[]} places px */
    seeds: (places) =>
      dots.replaceChildren(...places.map(([cx, cy]) => svg('circle', { class: 'sv-seed', cx, cy, r: SEED_PX }))),
    remove: () => layer.remove(),
  };
}
