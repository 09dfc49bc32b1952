/** The clipping box above one slice, as SVG: its outline, and a handle at each of its sides. */
import { followPointer, svg } from '../core/dom.js';
import { PLANES } from '../core/geometry.js';
import { clamp } from '../core/vectors.js';
import { withFace } from '../volume/clip-box.js';
import { faceOf, partsOf, placeAt } from './box-edges.js';
/**
 * @import { Crosshair, Grid, MeasurablePanel, Numbers, Vec2 } from '../types.js'
 * @import { Box } from '../volume/clip-box.js'
 * @import { ClipModel } from './index.js'
 */

export const REACH_PX = 22; // of a handle, for fingers

/**
 * A handle of a side.
 *
 * @param {Vec2} at px
 * @param {string} name of its test id
 * @param {(event: PointerEvent) => void} onpointerdown
 */
export const handleNode = ([cx, cy], name, onpointerdown) =>
  svg(
    'g',
    { class: 'sv-clip-handle', 'data-testid': name, onpointerdown },
    svg('circle', { cx, cy, r: REACH_PX, class: 'sv-reach' }),
    svg('circle', { cx, cy, r: 6 }),
  );

/**
 * @param {HTMLElement} element the panel's host
 * @param {MeasurablePanel} panel
 * @param {Grid} grid
 * @param {Crosshair} crosshair
 * @param {ClipModel} model
 */
export function createClipOnSlice(element, panel, grid, crosshair, model) {
  const content = svg('g');
  const layer = svg('svg', { class: 'sv-measures sv-clip', 'data-testid': `clip-on-${panel.plane}` }, content);
  element.append(layer);
  const [u, v] = [PLANES[panel.plane].u[0], PLANES[panel.plane].v[0]];

  /** A place of the slice that is shown. @param {Numbers} parts @returns {Vec2} */
  function onScreen(parts) {
    const place = [...parts];
    place[panel.axis] = partsOf(grid, crosshair.world)[panel.axis];
    return panel.toScreen(placeAt(grid, place));
  }
  /** @type {(axis: number, end: number) => (event: PointerEvent) => void} */
  const drag = (axis, end) => (event) => {
    if (event.button > 0) return;
    event.stopPropagation();
    event.preventDefault();
    followPointer((to) => {
      const frame = element.getBoundingClientRect();
      const place = panel.toWorld([to.clientX - frame.left, to.clientY - frame.top]);
      model.change(withFace(model.box, axis, end, clamp(partsOf(grid, place)[axis], 0, 1)));
    }, () => {});
  };

  /** @param {Box} box */
  function outline(box) {
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([a, b]) => {
      const parts = [0, 0, 0];
      [parts[u], parts[v]] = [box[u][a], box[v][b]];
      return onScreen(parts);
    });
    const depth = partsOf(grid, crosshair.world)[panel.axis];
    const isAway = depth < box[panel.axis][0] || depth > box[panel.axis][1];
    const name = isAway ? 'sv-clip-line sv-clip-away' : 'sv-clip-line';
    return svg('polygon', { points: corners.map((corner) => corner.join(',')).join(' '), class: name });
  }
  function draw() {
    content.replaceChildren();
    if (!model.isShown) return;
    const handles = [u, v].flatMap((axis) =>
      [0, 1].map((end) =>
        handleNode(onScreen(faceOf(model.box, axis, end)), `clip-handle-${axis}-${end}`, drag(axis, end)),
      ),
    );
    content.append(outline(model.box), ...handles);
  }

  const ends = [panel.watch(draw), model.onChange(draw)];
  draw();
  return {
    destroy() {
      ends.forEach((end) => end());
      layer.remove();
    },
  };
}
