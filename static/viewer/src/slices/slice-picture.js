/**
 * The picture of a slice panel: the CT's slice, painted on a 2D canvas by the processor. A graphics card would draw it
 * no faster, since each slice is another picture, and without a card each of its contexts takes long to begin with.
 */
import { indexToPlane, planeToScreen } from '../core/geometry.js';
import { greys } from './canvas-pixels.js';
import { createSurface } from './canvas-surface.js';
import { enlarge, factorsFor } from './enlarge.js';
import { pictureAxes } from './reslice.js';
/**
 * @import { Frame, Numbers, Plane, Sampler, Slab, Vec2, View } from '../types.js'
 * @import { Colouring } from './canvas-pixels.js'
 */

/** @typedef {ReturnType<typeof createLayer>} Layer */

/** @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));

/**
 * A slice as greys on a canvas of its own. What is enlarged is interpolated before it is windowed, else the edges of a
 * narrow window would lie elsewhere.
 *
 * @param {Vec2} shape elements of the picture
 * @param {Sampler} sample
 * @param {Plane} plane
 */
function createLayer(shape, sample, plane) {
  const values = new Int16Array(shape[0] * shape[1]);
  const canvas = Object.assign(document.createElement('canvas'), { width: shape[0], height: shape[1] });
  const context = contextOf(canvas);
  let fine = values;
  let image = context.createImageData(...shape);
  /** @type {Vec2} */
  let factors = [1, 1];
  const isEnlarged = () => fine !== values;
  return {
    canvas,
    /** @param {number} slice @param {Slab} slab */
    sample(slice, slab) {
      sample(plane, slice, slab, values);
      if (isEnlarged()) enlarge(values, shape, factors, fine);
    },
    /** Have so many elements for each of the slice's. @param {Vec2} next @returns {boolean} whether it had others */
    enlargeBy(next) {
      if (next[0] === factors[0] && next[1] === factors[1]) return false;
      factors = next;
      [canvas.width, canvas.height] = [shape[0] * next[0], shape[1] * next[1]];
      image = context.createImageData(canvas.width, canvas.height);
      fine = next[0] * next[1] > 1 ? new Int16Array(canvas.width * canvas.height) : values;
      if (isEnlarged()) enlarge(values, shape, factors, fine);
      return true;
    },
    /** @param {Colouring} colour */
    paint(colour) {
      colour(fine, new Uint32Array(image.data.buffer));
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
  context.drawImage(ct.canvas, 0, 0, ...shape);
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
  /** @type {Vec2} */
  const spacing = [frame.spacing_mm[u], frame.spacing_mm[v]];
  const ct = createLayer(shape, sample, plane);
  let colour = greys([0, 1]);
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
      ct.paint(colour);
    },
    /** @param {View} view @param {Numbers} place */
    updateCamera(view, place) {
      if (ct.enlargeBy(factorsFor(shape, spacing, view.mmPerPx))) ct.paint(colour);
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
      colour = greys(next);
      ct.paint(colour);
    },
    invalidate() {
      shown = '';
    },
  };
}
