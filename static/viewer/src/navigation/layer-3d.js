/**
 * The tracked tool and the grips of a screw above the 3D view, as SVG: they follow at once, where a picture of the
 * volume takes its time. They are seen through what lies before them. What is dragged stays at its depth.
 */
import { svg } from '../core/dom.js';
import { AXES, midpoint } from '../core/vectors.js';
import { projectorOf } from '../vtk/camera.js';
import { createGrips } from './grips.js';
import { createToolShapes } from './tool-shapes.js';
/**
 * @import { CameraPose, Numbers, Vec2, Vec3 } from '../types.js'
 * @import { Grippable } from './grips.js'
 * @import { Tool } from './slices.js'
 */

const NEAREST_MM = 1; // before the camera; what is nearer, or behind, is not drawn

/**
 * @param {HTMLElement} host
 * @param {CameraPose & {onModified(listener: () => void): {unsubscribe(): void}}} camera
 */
export function createLayer3d(host, camera) {
  const shapes = createToolShapes();
  /** @type {Grippable | null} */
  let screw = null;
  /** @type {Tool | null} */
  let tool = null;
  let view = projector();
  function projector() {
    return projectorOf(camera, [host.clientWidth, host.clientHeight]);
  }
  const grips = createGrips(host, {
    /** @param {Numbers} world @returns {Vec2} */
    toScreen(world) {
      const { x, y } = view.place(world);
      return [x, y];
    },
    /** A place at the depth of the screw's middle. @param {Numbers} at @returns {Vec3} */
    toWorld([x, y]) {
      const { entry_ras_mm: entry, tip_ras_mm: tip } = /** @type {Grippable} */ (screw).ends;
      const middle = midpoint(entry, tip);
      const from = view.place(middle);
      const mm = from.depth / view.scale;
      return AXES.map((n) => middle[n] + mm * ((x - from.x) * view.right[n] - (y - from.y) * view.up[n]));
    },
  });
  const layer = svg('svg', { class: 'sv-navigation', 'aria-hidden': 'true' }, shapes.element, grips.element);
  host.append(layer);

  function drawTool() {
    if (!tool) {
      shapes.hide();
      return;
    }
    const [back, tip, ahead] = shapes.places(tool).map(view.place);
    if (Math.min(back.depth, tip.depth, ahead.depth) < NEAREST_MM) shapes.hide();
    else shapes.show([back, tip, ahead].map(({ x, y }) => [x, y]), { isLive: tool.isLive, isNear: true, opacity: 1 });
  }
  function draw() {
    view = projector();
    drawTool();
    grips.draw();
  }
  const following = camera.onModified(draw);
  const sizes = new ResizeObserver(draw);
  sizes.observe(host);
  return {
    /** @param {Grippable | null} next */
    setGrips(next) {
      screw = next;
      view = projector();
      grips.set(next);
    },
    /** @param {Tool | null} next */
    setTool(next) {
      tool = next;
      drawTool();
    },
    destroy() {
      sizes.disconnect();
      following.unsubscribe();
      layer.remove();
    },
  };
}
