/** Measurements as SVG above a slice: their lines, their text, and handles to reshape them. */
import { svg } from '../core/dom.js';
import { describe } from './math.js';
/** @import { Measurement, MeasurementKind, Vec2 } from '../types.js' */

/**
 * Which pairs of points each kind draws as lines.
 *
 * @type {Record<MeasurementKind, Vec2[]>}
 */
const LINES = { distance: [[0, 1]], angle: [[0, 1], [1, 2]], cobb: [[0, 1], [2, 3]], ellipse: [] };

/**
 * The lines, or the ellipse, of a measurement; as much of it as there are points for.
 *
 * @param {MeasurementKind} kind
 * @param {Vec2[]} points px
 */
export function shapesOf(kind, points) {
  /** @type {SVGElement[]} */
  const nodes = LINES[kind]
    .filter(([, to]) => to < points.length)
    .map(([a, b]) => svg('line', { x1: points[a][0], y1: points[a][1], x2: points[b][0], y2: points[b][1] }));
  if (kind === 'ellipse' && points.length === 3) {
    const [[cx, cy], [ax], [, by]] = points;
    nodes.push(svg('ellipse', { cx, cy, rx: Math.abs(ax - cx), ry: Math.abs(by - cy) }));
  }
  return nodes;
}

/**
 * A whole measurement.
 *
 * @param {Measurement} item
 * @param {Vec2[]} points px
 * @param {boolean} selected
 * @param {(n: number) => (event: PointerEvent) => void} drag makes the listener of the handle at point n
 */
export function measurementNode(item, points, selected, drag) {
  const handles = points.map(([cx, cy], n) =>
    svg(
      'g',
      { class: 'sv-handle', onpointerdown: drag(n) },
      svg('circle', { cx, cy, r: 14, class: 'sv-reach' }),
      svg('circle', { cx, cy, r: 4 }),
    ),
  );
  const [x, y] = points[points.length - 1];
  const lines = [item.label, ...describe(item)].filter(Boolean);
  const text = lines.map((line, n) => svg('text', { x: x + 10, y: y + 4 + 15 * n }, line));
  const attributes = { class: selected ? 'sv-measure sv-selected' : 'sv-measure', 'data-kind': item.kind };
  return svg('g', attributes, ...shapesOf(item.kind, points), ...text, ...handles);
}
