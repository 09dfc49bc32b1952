/** What lies above a slice: crosshair lines, orientation letters, the slice's place and a scale bar. Plain DOM. */
import { make } from '../core/dom.js';
import { PLANES, PLANE_NAMES, axisText } from '../core/geometry.js';
import { scaleBar, scaleText } from '../core/scale-bar.js';
/** @import { Numbers, Plane, Slab } from '../types.js' */

const GAP = 10; // px left free around the crosshair's point

/**
 * The planes whose slices the lines of a panel show: a line shows the one looked along the other axis.
 *
 * @param {Plane} plane of the panel
 */
export function lineColours(plane) {
  const { u, v } = PLANES[plane];
  const planeOf = (/** @type {number} */ axis) => PLANE_NAMES.find((name) => PLANES[name].axis === axis);
  return { vertical: planeOf(u[0]), horizontal: planeOf(v[0]) };
}

/**
 * Styles of the crosshair's four lines in a panel.
 *
 * @param {Numbers} at px
 * @param {Numbers} size [width, height] in px
 */
function lineStyles([x, y], [width, height]) {
  const [cx, cy] = [Math.round(x), Math.round(y)];
  const px = (/** @type {number} */ n) => `${Math.max(0, n)}px`;
  return [
    `left:${cx}px;top:0;height:${px(Math.min(height, cy - GAP))}`,
    `left:${cx}px;top:${px(cy + GAP)};height:${px(height - Math.max(0, cy + GAP))}`,
    `top:${cy}px;left:0;width:${px(Math.min(width, cx - GAP))}`,
    `top:${cy}px;left:${px(cx + GAP)};width:${px(width - Math.max(0, cx + GAP))}`,
  ];
}

/**
 * @param {HTMLElement} element
 * @param {Plane} plane
 */
export function createOverlay(element, plane) {
  const add = (/** @type {string} */ name, text = '') => {
    const node = make('div', { class: name }, text);
    layer.append(node);
    return node;
  };
  const layer = make('div', { class: 'sv-overlay' });
  element.append(layer);
  const { vertical, horizontal } = lineColours(plane);
  const classes = [`sv-line sv-vertical sv-of-${vertical}`, `sv-line sv-horizontal sv-of-${horizontal}`];
  const lines = [0, 0, 1, 1].map((n) => add(classes[n])); // above, below, left, right
  Object.entries(PLANES[plane].letters).forEach(([side, letter]) => add(`sv-letter sv-at-${side}`, letter));
  const number = add('sv-number');
  const window = add('sv-window');
  const bar = add('sv-scale');
  const bubble = add('sv-bubble');
  bubble.hidden = true;
  return {
    /**
     * Put the crosshair at `at` in a panel of `size`, both px.
     *
     * @param {Numbers} at
     * @param {Numbers} size
     * @param {number} mmPerPx
     */
    place(at, size, mmPerPx) {
      lineStyles(at, size).forEach((style, n) => (lines[n].style.cssText = style));
      const [mm, length] = scaleBar(mmPerPx, Math.min(90, size[0] * 0.24));
      bar.textContent = scaleText(mm);
      bar.style.width = `${length}px`;
    },
    /**
     * Say which slice is shown.
     *
     * @param {number} slice from 1
     * @param {number} slices
     * @param {number} mm along the plane's axis
     * @param {Slab} slab
     * @param {number} step mm between slices
     */
    setSlice(slice, slices, mm, slab, step) {
      const place = `${slice} / ${slices}   ${axisText(PLANES[plane].axis, mm)} mm`;
      const kind = `${slab.mode === 'max' ? 'MIP' : 'Ø'} ${(slab.count * step).toFixed(1)} mm`;
      number.textContent = slab.count > 1 ? `${place}\n${kind}` : place;
    },
    /** @param {Numbers} level level and width in HU */
    setWindow([level, width]) {
      window.textContent = `WL ${Math.round(level)}  WW ${Math.round(width)}`;
    },
    /** What a held finger points at, above it; nothing where `at` is null. @param {?Numbers} at @param {string} text */
    setBubble(at, text) {
      bubble.hidden = !at;
      if (!at) return;
      bubble.textContent = text;
      bubble.style.transform = `translate(calc(${at[0]}px - 50%), calc(${at[1]}px - 100% - 36px))`;
    },
    destroy: () => layer.remove(),
  };
}
