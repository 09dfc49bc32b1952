/** What lies above a slice: crosshair lines, orientation letters, the slice's place and a scale bar. Plain DOM. */
import { PLANES, axisText } from '../core/geometry.js';

const GAP = 10; // px left free around the crosshair's point
const BARS_MM = [1, 2, 5, 10, 20, 50, 100, 200];

function add(parent, className, text = '') {
  const node = document.createElement('div');
  node.className = className;
  node.textContent = text;
  parent.append(node);
  return node;
}

/** The longest round length that is at most `most` px wide: [mm, px]. */
export function scaleBar(mmPerPx, most = 90) {
  const fitting = BARS_MM.filter((mm) => mm / mmPerPx <= most);
  const mm = fitting.length ? fitting[fitting.length - 1] : BARS_MM[0];
  return [mm, mm / mmPerPx];
}

/** The plane whose slice a line of this panel shows: the one looked along the other axis. */
export function lineColours(plane) {
  const { u, v } = PLANES[plane];
  const planeOf = (axis) => Object.keys(PLANES).find((name) => PLANES[name].axis === axis);
  return { vertical: planeOf(u[0]), horizontal: planeOf(v[0]) };
}

export function createOverlay(element, plane) {
  const layer = add(element, 'sv-overlay');
  const { vertical, horizontal } = lineColours(plane);
  const lines = {
    top: add(layer, `sv-line sv-vertical sv-of-${vertical}`),
    bottom: add(layer, `sv-line sv-vertical sv-of-${vertical}`),
    left: add(layer, `sv-line sv-horizontal sv-of-${horizontal}`),
    right: add(layer, `sv-line sv-horizontal sv-of-${horizontal}`),
  };
  Object.entries(PLANES[plane].letters).forEach(([side, letter]) => add(layer, `sv-letter sv-at-${side}`, letter));
  const number = add(layer, 'sv-number');
  const bar = add(layer, 'sv-scale');
  const bubble = add(layer, 'sv-bubble');
  bubble.hidden = true;
  return {
    /** Put the crosshair at `at` (px) in a panel of `size` (px). */
    place([x, y], [width, height], mmPerPx) {
      const [cx, cy] = [Math.round(x), Math.round(y)];
      const px = (n) => `${Math.max(0, n)}px`;
      lines.top.style.cssText = `left:${cx}px;top:0;height:${px(Math.min(height, cy - GAP))}`;
      lines.bottom.style.cssText = `left:${cx}px;top:${px(cy + GAP)};height:${px(height - Math.max(0, cy + GAP))}`;
      lines.left.style.cssText = `top:${cy}px;left:0;width:${px(Math.min(width, cx - GAP))}`;
      lines.right.style.cssText = `top:${cy}px;left:${px(cx + GAP)};width:${px(width - Math.max(0, cx + GAP))}`;
      const [mm, length] = scaleBar(mmPerPx, Math.min(90, width * 0.24));
      bar.textContent = mm >= 10 ? `${mm / 10} cm` : `${mm} mm`;
      bar.style.width = `${length}px`;
    },
    /** Slice `slice` of `slices`, `mm` along the plane's axis, and how thick a slab it is. */
    tell(slice, slices, mm, slab, step) {
      const place = `${slice} / ${slices}   ${axisText(PLANES[plane].axis, mm)} mm`;
      number.textContent = slab.count > 1 ? `${place}\n${slab.mode === 'max' ? 'MIP' : 'Ø'} ${(slab.count * step).toFixed(1)} mm` : place;
    },
    /** What a held finger points at, above it; nothing where `at` is null. */
    bubble(at, text) {
      bubble.hidden = !at;
      if (!at) return;
      bubble.textContent = text;
      bubble.style.transform = `translate(calc(${at[0]}px - 50%), calc(${at[1]}px - 100% - 36px))`;
    },
    destroy: () => layer.remove(),
  };
}
