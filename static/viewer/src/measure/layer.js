/**
 * The measurements above one slice: drawn as SVG, drawn anew with the chosen tool, reshaped by their handles.
 *
 * The layer takes the pointer only while a tool is chosen, and on handles; all else reaches the panel below.
 */
import { followPointer, svg } from '../core/dom.js';
import { createDrawing } from './drawing.js';
import { withPoint } from './math.js';
import { measurementNode, shapesOf } from './shapes.js';
/** @import { Crosshair, MeasurablePanel, Measurement, Measurements, Vec2 } from '../types.js' */

/**
 * @param {HTMLElement} element the panel's host
 * @param {MeasurablePanel} panel
 * @param {Crosshair} crosshair
 * @param {Measurements} model
 * @param {number} thickness mm that one slice stands for
 */
export function createMeasureLayer(element, panel, crosshair, model, thickness) {
  const content = svg('g');
  const layer = svg('svg', { class: 'sv-measures' }, content);
  element.append(layer);

  const at = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return /** @type {Vec2} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  const onSlice = (/** @type {Measurement} */ item) =>
    item.plane === panel.plane &&
    Math.abs(item.points[0][panel.axis] - crosshair.world[panel.axis]) <= thickness / 2 + 1e-6;
  const drawing = createDrawing(element, layer, panel, model, { at, draw });

  /** @type {(item: Measurement) => (n: number) => (event: PointerEvent) => void} */
  const drag = (item) => (n) => (event) => {
    if (event.button > 0) return;
    event.stopPropagation();
    event.preventDefault();
    model.select(item);
    followPointer(
      (to) => model.shape(item, withPoint(item, n, panel.toWorld(at(to)))),
      () => model.keep(item),
    );
  };

  function draw() {
    const { tool } = model;
    layer.classList.toggle('sv-measuring', tool !== '');
    if (!tool) drawing.clear();
    const begun = tool && shapesOf(tool, drawing.begun(tool).map(panel.toScreen));
    const nodes = model.items
      .filter(onSlice)
      .map((item) => measurementNode(item, item.points.map(panel.toScreen), item === model.selected, drag(item)));
    content.replaceChildren(...nodes, ...(begun.length ? [svg('g', { class: 'sv-measure sv-begun' }, ...begun)] : []));
  }

  function key(/** @type {KeyboardEvent} */ event) {
    if (event.key === 'Escape' && model.tool) model.setTool('');
    else if (event.key === 'Delete' && model.selected && onSlice(model.selected)) model.remove(model.selected);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  Object.entries(drawing.handlers).forEach(([name, handler]) =>
    layer.addEventListener(name, /** @type {EventListener} */ (handler)),
  );
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
