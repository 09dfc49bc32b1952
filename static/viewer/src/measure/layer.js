/**
 * The measurements above one slice: drawn as SVG, drawn anew with the chosen tool, reshaped by their handles.
 *
 * The layer takes the pointer only while a tool is chosen, and on handles; all else reaches the panel below.
 */
import { svg } from '../core/dom.js';
import { CLICKS, describe, ellipseIn } from './math.js';

const DRAGGED_PX = 6;

/** Which pairs of points each kind draws as lines. */
const LINES = { distance: [[0, 1]], angle: [[0, 1], [1, 2]], cobb: [[0, 1], [2, 3]], ellipse: [] };

/**
 * @param {HTMLElement} element the panel's host
 * @param {object} panel { plane, axis, toScreen(world), toWorld(at), watch(listener) }
 * @param {object} crosshair { world }
 * @param {object} model of measurements.js
 * @param {number} thickness mm that one slice stands for
 */
export function createMeasureLayer(element, panel, crosshair, model, thickness) {
  const drawing = svg('g');
  const layer = svg('svg', { class: 'sv-measures' }, drawing);
  element.append(layer);
  let fixed = []; // points set of what is being drawn
  let rubber = null; // the point that follows the pointer
  let pressedAt = null;

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const onSlice = (item) =>
    item.plane === panel.plane && Math.abs(item.points[0][panel.axis] - crosshair.world[panel.axis]) <= thickness / 2 + 1e-6;

  /** The rectangle's third corner lies beside `a` and above `b` on the screen. */
  function ellipse(a, b) {
    const [from, to] = [panel.toScreen(a), panel.toScreen(b)];
    return ellipseIn(a, b, panel.toWorld([to[0], from[1]]));
  }
  const shaped = (kind, set) => (kind === 'ellipse' && set.length === 2 ? ellipse(...set) : set);

  function shape(kind, set) {
    const screen = set.map(panel.toScreen);
    const lines = LINES[kind].filter(([, to]) => to < screen.length);
    const nodes = lines.map(([a, b]) => svg('line', { x1: screen[a][0], y1: screen[a][1], x2: screen[b][0], y2: screen[b][1] }));
    if (kind === 'ellipse' && screen.length === 3) {
      const [[cx, cy], [ax], [, by]] = screen;
      nodes.push(svg('ellipse', { cx, cy, rx: Math.abs(ax - cx), ry: Math.abs(by - cy) }));
    }
    return nodes;
  }

  function drag(item, n) {
    return (event) => {
      if (event.button > 0) return;
      event.stopPropagation();
      event.preventDefault();
      model.select(item);
      const move = (to) => model.shape(item, moved(item, n, panel.toWorld(at(to))));
      const ends = ['pointerup', 'pointercancel'];
      const end = () => {
        window.removeEventListener('pointermove', move);
        ends.forEach((type) => window.removeEventListener(type, end));
        model.keep(item);
      };
      window.addEventListener('pointermove', move);
      ends.forEach((type) => window.addEventListener(type, end));
    };
  }

  /** The centre of an ellipse takes the rest along; the ends of its half axes stay on them. */
  function moved({ kind, points: old }, n, to) {
    if (kind !== 'ellipse') return old.map((point, m) => (m === n ? to : point));
    if (n === 0) return old.map((point) => point.map((x, m) => x + to[m] - old[0][m]));
    const axis = old[n].map((x, m) => x - old[0][m]);
    const square = axis.reduce((sum, x) => sum + x * x, 0) || 1;
    const t = Math.max(0.02, to.reduce((sum, x, m) => sum + (x - old[0][m]) * axis[m], 0) / square);
    return old.map((point, m) => (m === n ? old[0].map((x, k) => x + t * axis[k]) : point));
  }

  function group(item) {
    const handles = item.points.map((point, n) => {
      const [cx, cy] = panel.toScreen(point);
      return svg('g', { class: 'sv-handle', onpointerdown: drag(item, n) }, svg('circle', { cx, cy, r: 14, class: 'sv-reach' }), svg('circle', { cx, cy, r: 4 }));
    });
    const [x, y] = panel.toScreen(item.points.at(-1));
    const text = [item.label, ...describe(item)].filter(Boolean).map((line, n) => svg('text', { x: x + 10, y: y + 4 + 15 * n }, line));
    return svg('g', { class: item === model.selected ? 'sv-measure sv-selected' : 'sv-measure', 'data-kind': item.kind }, ...shape(item.kind, item.points), ...text, ...handles);
  }

  function draw() {
    layer.classList.toggle('sv-measuring', model.tool !== '');
    if (!model.tool) fixed = [];
    const begun = fixed.length && rubber ? shaped(model.tool, [...fixed, rubber].slice(0, CLICKS[model.tool])) : [];
    drawing.replaceChildren(
      ...model.items.filter(onSlice).map(group),
      ...(begun.length ? [svg('g', { class: 'sv-measure sv-begun' }, ...shape(model.tool, begun))] : []),
    );
  }

  /** A press sets a point; letting go elsewhere sets the next one, or corrects the last. */
  const handlers = {
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
    pointermove(event) {
      if (!fixed.length) return;
      rubber = panel.toWorld(at(event));
      draw();
    },
    pointerup(event) {
      if (!pressedAt) return;
      event.stopPropagation();
      const to = at(event);
      const most = CLICKS[model.tool];
      if (Math.hypot(to[0] - pressedAt[0], to[1] - pressedAt[1]) >= DRAGGED_PX)
        fixed = [...(fixed.length < most ? fixed : fixed.slice(0, -1)), panel.toWorld(to)];
      pressedAt = null;
      if (fixed.length < most) draw();
      else model.add(model.tool, panel.plane, shaped(model.tool, fixed));
    },
    pointercancel() {
      fixed = [];
      pressedAt = null;
      draw();
    },
  };
  function key(event) {
    if (event.key === 'Escape' && model.tool) model.setTool('');
    else if (event.key === 'Delete' && model.selected && onSlice(model.selected)) model.remove(model.selected);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  Object.entries(handlers).forEach(([name, handler]) => layer.addEventListener(name, handler));
  element.addEventListener('keydown', key);
  const ends = [panel.watch(draw), model.onChange(draw)];
  draw();
  return {
    destroy() {
      ends.forEach((end) => end());
      element.removeEventListener('keydown', key);
      layer.remove();
    },
  };
}
