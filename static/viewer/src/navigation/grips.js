/** Grips on a slice by which a screw is dragged: its entry, its tip, and its middle, which moves both. */
import { svg } from '../core/dom.js';
import { midpoint } from '../core/vectors.js';
/**
 * @import { MeasurablePanel, Numbers, Vec2 } from '../types.js'
 * @import { End, Ends } from './edits.js'
 */

/**
 * @typedef {object} Grippable
 * @property {Ends} ends of the screw
 * @property {() => void} begin
 * @property {(end: End, by: Numbers) => void} move by so many mm since it began
 */

/** @type {End[]} */
const ENDS = ['both', 'entry', 'tip'];
const TOUCH_PX = 18; // radius that a finger finds

/**
 * @param {HTMLElement} host
 * @param {Pick<MeasurablePanel, 'toScreen' | 'toWorld'>} panel
 */
export function createGrips(host, panel) {
  /** @type {Grippable | null} */
  let screw = null;
  /** @type {Numbers | null} */
  let from = null; // where a drag began, on the slice
  /** @param {PointerEvent} event @returns {Vec2} */
  function at(event) {
    const { left, top } = host.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }
  const grips = ENDS.map((end) => {
    const grip = svg(
      'g',
      {
        class: `sv-grip sv-grip-${end}`,
        'data-testid': `grip-${end}`,
        /** @param {PointerEvent} event */
        onpointerdown(event) {
          event.stopPropagation(); // the panel's own tool stays still
          event.preventDefault();
          grip.setPointerCapture(event.pointerId);
          from = panel.toWorld(at(event));
          screw?.begin();
        },
        /** @param {PointerEvent} event */
        onpointermove(event) {
          if (!from) return;
          event.stopPropagation();
          const [now, start] = [panel.toWorld(at(event)), from];
          screw?.move(end, [0, 1, 2].map((n) => now[n] - start[n]));
        },
        onpointerup: () => (from = null),
        onpointercancel: () => (from = null),
      },
      svg('circle', { class: 'sv-grip-reach', r: TOUCH_PX }),
      svg('circle', { class: 'sv-grip-dot', r: end === 'both' ? 5 : 8 }),
    );
    return grip;
  });
  const group = svg('g', { class: 'sv-grips' }, ...grips);

  function draw() {
    group.toggleAttribute('hidden', !screw);
    if (!screw) return;
    const { entry_ras_mm: entry, tip_ras_mm: tip } = screw.ends;
    const places = { entry, tip, both: midpoint(entry, tip) };
    ENDS.forEach((end, n) => grips[n].setAttribute('transform', `translate(${panel.toScreen(places[end]).join(' ')})`));
  }
  return {
    element: group,
    draw,
    /** @param {Grippable | null} next */
    set(next) {
      screw = next;
      draw();
    },
  };
}
