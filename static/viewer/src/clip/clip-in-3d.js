/** The clipping box above the 3D view, as SVG: its edges, and a handle in the middle of each of its faces. */
import { followPointer, svg } from '../core/dom.js';
import { axisVector } from '../core/geometry.js';
import { AXES, clamp } from '../core/vectors.js';
import { projectorOf } from '../vtk/camera.js';
import { withFace } from '../volume/clip-box.js';
import { edgesOf, faceOf, placeAt } from './box-edges.js';
import { handleNode } from './clip-on-slices.js';
/**
 * @import { CameraPose, Grid, Numbers, Vec2 } from '../types.js'
 * @import { ClipModel } from './index.js'
 */

const STEP_MM = 10; // whose length on the screen tells how far a face follows the pointer
const SHORTEST_PX = 1; // of that; a face that is seen from straight ahead does not follow

/**
 * @param {HTMLElement} element the panel's host
 * @param {CameraPose & {onModified(listener: () => void): {unsubscribe(): void}}} camera
 * @param {Grid} grid
 * @param {ClipModel} model
 */
export function createClipIn3d(element, camera, grid, model) {
  const content = svg('g');
  const layer = svg('svg', { class: 'sv-measures sv-clip', 'data-testid': 'clip-on-3d' }, content);
  element.append(layer);
  const projector = () => projectorOf(camera, [element.clientWidth, element.clientHeight]);
  /** @param {Numbers} parts @returns {Vec2} */
  const onScreen = (parts, view = projector()) => {
    const { x, y } = view.place(placeAt(grid, parts));
    return [x, y];
  };

  /** @type {(axis: number, end: number) => (event: PointerEvent) => void} */
  const drag = (axis, end) => (event) => {
    if (event.button > 0) return;
    event.stopPropagation();
    event.preventDefault();
    const view = projector();
    const middle = placeAt(grid, faceOf(model.box, axis, end));
    const along = axisVector(grid, axis);
    const [from, to] = [middle, AXES.map((n) => middle[n] + STEP_MM * along[n])].map(view.place);
    const step = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(...step);
    if (length < SHORTEST_PX) return;
    const begun = model.box[axis][end];
    followPointer((at) => {
      const moved = [at.clientX - event.clientX, at.clientY - event.clientY];
      const mm = (STEP_MM * (moved[0] * step[0] + moved[1] * step[1])) / length ** 2;
      const part = begun + mm / (grid.spacing_mm[axis] * grid.shape[axis]);
      model.change(withFace(model.box, axis, end, clamp(part, 0, 1)));
    }, () => {});
  };

  function draw() {
    content.replaceChildren();
    if (!model.isShown || !element.clientHeight) return;
    const view = projector();
    const lines = edgesOf(model.box).map(([from, to]) => {
      const [[x1, y1], [x2, y2]] = [onScreen(from, view), onScreen(to, view)];
      return svg('line', { x1, y1, x2, y2, class: 'sv-clip-line' });
    });
    const handles = AXES.flatMap((axis) =>
      [0, 1].map((end) =>
        handleNode(onScreen(faceOf(model.box, axis, end), view), `clip-handle-${axis}-${end}`, drag(axis, end)),
      ),
    );
    content.append(...lines, ...handles);
  }

  const following = camera.onModified(draw);
  const stopListening = model.onChange(draw);
  const sizes = new ResizeObserver(draw);
  sizes.observe(element);
  draw();
  return {
    destroy() {
      sizes.disconnect();
      following.unsubscribe();
      stopListening();
      layer.remove();
    },
  };
}
