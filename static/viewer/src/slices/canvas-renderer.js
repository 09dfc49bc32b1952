/** The picture of a slice panel where there is no WebGL2: slice and masks, painted on a 2D canvas by the processor. */
import { indexToPlane, planeToScreen } from '../core/geometry.js';
import { createSampler, pictureAxes } from './reslice.js';
import { createSurface } from './canvas-surface.js';
import { edgesOnly, greys, maskPixels } from './canvas-pixels.js';
/**
 * @import { Colours, Frame, Look, Mask, Numbers, Opacities, Plane, Sampler } from '../types.js'
 * @import { Slab, Vec2, View, VoxelsType } from '../types.js'
 * @import { Colouring } from './canvas-pixels.js'
 */

/** @typedef {ReturnType<typeof createLayer>} Layer */
/** @typedef {Layer & {colours: Colours, shares: Opacities}} MaskPicture */

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
 * Draw the layers where the picture's corners lie.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Vec2} shape elements of the picture
 * @param {Vec2[]} corners [origin, end of the first axis, end of the second] on the screen
 * @param {Layer} ct
 * @param {Layer[]} masks
 */
function drawLayers(context, shape, [origin, right, down], ct, masks) {
  const [a, b] = right.map((px, n) => (px - origin[n]) / shape[0]);
  const [c, d] = down.map((px, n) => (px - origin[n]) / shape[1]);
  context.transform(a, b, c, d, ...origin);
  context.imageSmoothingEnabled = true;
  context.drawImage(ct.canvas, 0, 0);
  context.imageSmoothingEnabled = false;
  masks.forEach(({ canvas }) => context.drawImage(canvas, 0, 0));
}

/**
 * Paint a mask, filled or as an outline.
 *
 * @param {MaskPicture} mask
 * @param {Look} look
 * @param {number} width of the picture, elements
 */
function paintMask(mask, look, width) {
  mask.paint((values, pixels) => {
    maskPixels(mask.colours, look.outline ? 1 : look.opacity, mask.shares)(values, pixels);
    if (look.outline) edgesOnly(values, width, pixels);
  });
}

/**
 * A picture with the methods of `createGlPicture`.
 *
 * @param {HTMLElement} element
 * @param {Plane} plane
 * @param {Frame} frame
 * @param {Sampler} sample the CT
 * @param {(size: Vec2) => void} onResize
 */
export function createCanvasPicture(element, plane, frame, sample, onResize) {
  const [u, v] = pictureAxes(plane);
  /** @type {Vec2} */
  const shape = [frame.shape[u], frame.shape[v]];
  const ct = createLayer(shape, Int16Array, sample, plane);
  /** @type {MaskPicture[]} */
  let masks = [];
  /** @type {Look} */
  let look = { opacity: 1, outline: false };
  /** @type {Numbers} */
  let level = [0, 1];
  let shown = '';
  /** @type {?Vec2[]} */
  let corners = null;
  const surface = createSurface(element, onResize, (context) => {
    if (corners) drawLayers(context, shape, corners, ct, masks);
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
      masks.forEach((mask) => {
        mask.sample(slice, { ...slab, mode: 'max' });
        paintMask(mask, look, shape[0]);
      });
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
    /** @param {Mask[]} list @param {Look} next */
    setMasks(list, next) {
      look = next;
      masks = list.map(({ box, grid, colours, shares }) => {
        const sampleMask = createSampler(grid, frame, box.values, { linear: false, outside: 0 });
        return { ...createLayer(shape, Uint8Array, sampleMask, plane), colours, shares };
      });
      shown = '';
    },
    /** @param {Look} next */
    setLook(next) {
      look = next;
      masks.forEach((mask) => paintMask(mask, look, shape[0]));
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
