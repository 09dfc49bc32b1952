/** The tracked tool as SVG: its shaft, the way ahead and its tip. Made once; a pose only moves them. */
import { svg } from '../core/dom.js';
import { along } from './guidance.js';
/**
 * @import { Numbers, Vec3 } from '../types.js'
 * @import { Tool } from './slices.js'
 */

const BACK_MM = 90; // of the tool's axis that are drawn behind its tip
const AHEAD_MM = 60;

export function createToolShapes() {
  const [shaft, ahead, tip] = [svg('line'), svg('line'), svg('circle')];
  const element = svg('g');
  let look = '';
  /** @param {Element} node @param {Record<string, number | string>} values */
  const set = (node, values) => Object.entries(values).forEach(([name, value]) => node.setAttribute(name, `${value}`));
  return {
    element,
    /** Ends of what is drawn: behind, tip, ahead. @param {Tool} tool @returns {Vec3[]} */
    places: ({ tip: at, axis }) => [along(at, axis, -BACK_MM), at, along(at, axis, AHEAD_MM)],
    hide() {
      look = '';
      element.replaceChildren();
    },
    /**
     * @param {Numbers[]} places px, as above
     * @param {{isLive: boolean, isNear: boolean, opacity: number}} how
     */
    show([[x0, y0], [x1, y1], [x2, y2]], { isLive, isNear, opacity }) {
      const next = `sv-tool${isLive ? '' : ' sv-not-live'}`;
      if (!look) element.replaceChildren(shaft, ahead, tip);
      if (`${next}${isNear}` !== look) {
        set(shaft, { class: `${next} sv-shaft` });
        set(ahead, { class: `${next} sv-ahead` });
        set(tip, { class: `${next} sv-tip${isNear ? ' sv-near' : ''}`, r: isNear ? 7 : 11 });
        look = `${next}${isNear}`;
      }
      set(shaft, { x1: x0, y1: y0, x2: x1, y2: y1, opacity });
      set(ahead, { x1, y1, x2, y2, opacity });
      set(tip, { cx: x1, cy: y1, opacity });
    },
  };
}
