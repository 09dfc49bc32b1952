/**
 * The picture of a slice panel: the CT's slice, painted on a 2D canvas by the processor. A graphics card would draw it
 * no faster, since each slice is another picture, and without a card each of its contexts takes long to begin with.
 */
import { indexToPlane, planeToScreen } from '../core/geometry.js';
import { pictureAxes } from './reslice.js';
import { createSurface } from './canvas-surface.js';
import { greys } from './canvas-pixels.js';
/**
 * @import { Frame, Numbers, Plane, Sampler, Slab, Vec2, View, VoxelsType } from '../types.js'
 * @import { Colouring } from './canvas-pixels.js'
 */

/** @typedef {ReturnType<typeof createLayer>} Layer */

/** @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));

/**
 * One array as a picture on a canvas of its own.
 *
 * @param {Vec2} shape elements of the picture
 * @param {VoxelsType} Values type of the array
 * @param {Sampler} sample
 * @param {Plane} plane
 */
function createLayer(shape, Values, sample, plane) {
  const values = new Values(shape[0] * shape[1]);
  const canvas = Object.assign(document.createElement('canvas'), { width: shape[0], height: shape[1] });
  const context = contextOf(canvas);
  const image = context.createImageData(...shape);
  const pixels = new Uint32Array(image.data.buffer);
  return {
    canvas,
    /** @param {number} slice @param {Slab} slab */
    sample: (slice, slab) => sample(plane, slice, slab, values),
    /** @param {Colouring} colour */
    paint(colour) {
      colour(values, pixels);
      context.putImageData(image, 0, 0);
    },
  };
}

/**
 * Draw the slice where the picture's corners lie.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Vec2} shape elements of the picture
 * @param {Vec2[]} corners [origin, end of the first axis, end of the second] on the screen
 * @param {Layer} ct
 */
function drawSlice(context, shape, [origin, right, down], ct) {
  const [a, b] = right.map((px, n) => (px - origin[n]) / shape[0]);
  const [c, d] = down.map((px, n) => (px - origin[n]) / shape[1]);
  context.transform(a, b, c, d, ...origin);
  context.imageSmoothingEnabled = true;
  context.drawImage(ct.canvas, 0, 0);
}

/**
 * A picture of a plane through the CT. Nothing is painted until `start()`.
 *
 * @param {HTMLElement} element
 * @param {Plane} plane
 * @param {Frame} frame
 * @param {Sampler} sample the CT
 * @param {(size: Vec2) => void} onResize
 */
export function createSlicePicture(element, plane, frame, sample, onResize) {
  const [u, v] = pictureAxes(plane);
  /** @type {Vec2} */
  const shape = [frame.shape[u], frame.shape[v]];
  const ct = createLayer(shape, Int16Array, sample, plane);
  /** @type {Numbers} */
  let level = [0, 1];
  let shown = '';
  /** @type {?Vec2[]} */
  let corners = null;
  const surface = createSurface(element, onResize, (context) => {
    if (corners) drawSlice(context, shape, corners, ct);
  });

  return {
    ...surface,
    /** @param {number} slice @param {Slab} slab */
    show(slice, slab) {
      const wanted = `${slice} ${slab.count} ${slab.mode}`;
      if (wanted === shown) return;
      shown = wanted;
      ct.sample(slice, slab);
      ct.paint(greys(level));
    },
    /** @param {View} view @param {Numbers} place */
    updateCamera(view, place) {
      const at = (/** @type {number} */ x, /** @type {number} */ y) => {
        const index = [...place];
        index[u] = x - 0.5; // an element reaches half its width around its middle
        index[v] = y - 0.5;
        return planeToScreen(view, surface.size(), indexToPlane(frame, plane, index));
      };
      corners = [at(0, 0), at(shape[0], 0), at(0, shape[1])];
    },
    /** @param {Numbers} next [level, width] in HU */
    setWindow(next) {
      level = next;
      ct.paint(greys(level));
    },
    invalidate() {
      shown = '';
    },
  };
}
