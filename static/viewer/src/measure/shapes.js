/** Measurements as SVG above a slice: their lines, their text, and handles to reshape them. */
import { svg } from '../core/dom.js';
import { describe } from './math.js';
/** @import { Measurement, MeasurementKind, Vec2 } from '../types.js' */

const LINE_PX = 19; // of text
const FARTHEST_MEETING = 3; // times a line's length

/**
 * Which pairs of points each kind draws as lines.
 *
 * @type {Record<MeasurementKind, Vec2[]>}
 */
const LINES = { distance: [[0, 1]], angle: [[0, 1], [1, 2]], cobb: [[0, 1], [2, 3]], ellipse: [] };

/**
 * The two lines of a Cobb angle go on to where they meet, if that is near enough to be seen; else a little way.
 *
 * @param {Vec2[]} points px
 * @returns {SVGElement[]}
 */
export function extensions([a, b, c, d]) {
  const meeting = intersection(a, b, c, d);
  const pairs = /** @type {[Vec2, Vec2][]} */ ([[a, b], [c, d]]);
  return pairs.flatMap(([from, to]) => {
    const along = [to[0] - from[0], to[1] - from[1]];
    const beyond = /** @type {Vec2} */ ([to[0] + 0.5 * along[0], to[1] + 0.5 * along[1]]);
    const before = /** @type {Vec2} */ ([from[0] - 0.5 * along[0], from[1] - 0.5 * along[1]]);
    const far = Math.hypot(...along) * FARTHEST_MEETING;
    const near = meeting && Math.hypot(meeting[0] - from[0], meeting[1] - from[1]) < far ? meeting : null;
    const ends = near ? [[from, near]] : [[from, before], [to, beyond]];
    return ends.map(([[x1, y1], [x2, y2]]) => svg('line', { x1, y1, x2, y2, class: 'sv-extension' }));
  });
}

/** Where two lines meet; null if they hardly do. @param {Vec2} a @param {Vec2} b @param {Vec2} c @param {Vec2} d */
function intersection(a, b, c, d) {
  const [p, q] = [[b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]];
  const turn = p[0] * q[1] - p[1] * q[0];
  if (Math.abs(turn) < 1e-3 * Math.hypot(p[0], p[1]) * Math.hypot(q[0], q[1])) return null;
  const t = ((c[0] - a[0]) * q[1] - (c[1] - a[1]) * q[0]) / turn;
  return /** @type {Vec2} */ ([a[0] + t * p[0], a[1] + t * p[1]]);
}

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
  if (kind === 'cobb' && points.length === 4) nodes.push(...extensions(points));
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
  const text = lines.map((line, n) => svg('text', { x: x + 10, y: y + 5 + LINE_PX * n }, line));
  const attributes = { class: selected ? 'sv-measure sv-selected' : 'sv-measure', 'data-kind': item.kind };
  return svg('g', attributes, ...shapesOf(item.kind, points), ...text, ...handles);
}
