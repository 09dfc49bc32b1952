/** What a slice panel shows where there is no WebGL2: the same slice and masks, painted on a 2D canvas by the processor. */
import { indexToPlane, planeToScreen } from '../core/geometry.js';
import { createSampler, pictureAxes } from './reslice.js';
import { createSurface } from './canvas-surface.js';
import { edgesOnly, greys, maskPixels } from './canvas-pixels.js';

const offscreen = ([width, height]) => Object.assign(document.createElement('canvas'), { width, height });

/** A picture of `shape` elements with its canvas; `paint(pixels)` fills the canvas, which is drawn scaled. */
function createLayer(shape, Values, sample, plane) {
  const values = new Values(shape[0] * shape[1]);
  const canvas = offscreen(shape);
  const context = canvas.getContext('2d');
  const image = context.createImageData(...shape);
  const pixels = new Uint32Array(image.data.buffer);
  return {
    canvas,
    sample: (slice, slab) => sample(plane, slice, slab, values),
    paint(colour) {
      colour(values, pixels);
      context.putImageData(image, 0, 0);
    },
  };
}

/** Same as createGlPicture. */
export function createFlatPicture(element, plane, scene, sample, onResize) {
  const { frame } = scene;
  const axes = pictureAxes(plane);
  const shape = axes.map((axis) => frame.shape[axis]);
  const ct = createLayer(shape, Int16Array, sample, plane);
  let masks = [];
  let look = { opacity: 1, outline: false };
  let level = [0, 1];
  let shown = '';
  let corners = null; // [origin, along the first axis, along the second] on the screen

  const surface = createSurface(element, onResize, (context) => {
    if (!corners) return;
    const [origin, right, down] = corners;
    const [a, b] = right.map((px, n) => (px - origin[n]) / shape[0]);
    const [c, d] = down.map((px, n) => (px - origin[n]) / shape[1]);
    context.transform(a, b, c, d, ...origin);
    context.imageSmoothingEnabled = true;
    context.drawImage(ct.canvas, 0, 0);
    context.imageSmoothingEnabled = false;
    masks.forEach(({ canvas }) => context.drawImage(canvas, 0, 0));
  });

  const paintCt = () => ct.paint(greys(level));
  const paintMask = (mask) => mask.paint((values, pixels) => {
    maskPixels(mask.colours, look.outline ? 1 : look.opacity, mask.shares)(values, pixels);
    if (look.outline) edgesOnly(values, shape[0], pixels);
  });

  return {
    ...surface,
    show(slice, slab) {
      const wanted = `${slice} ${slab.count} ${slab.mode}`;
      if (wanted === shown) return;
      shown = wanted;
      ct.sample(slice, slab);
      paintCt();
      masks.forEach((mask) => {
        mask.sample(slice, { ...slab, mode: 'max' });
        paintMask(mask);
      });
    },
    aim(view, place) {
      const at = (x, y) => {
        const index = [...place];
        index[axes[0]] = x - 0.5; // an element reaches half its width around its middle
        index[axes[1]] = y - 0.5;
        return planeToScreen(view, surface.size(), indexToPlane(frame, plane, index));
      };
      corners = [at(0, 0), at(shape[0], 0), at(0, shape[1])];
    },
    setMasks(list, next) {
      look = next;
      masks = list.map(({ box, grid, colours, shares }) => ({
        ...createLayer(shape, Uint8Array, createSampler(grid, frame, box.values, { linear: false, outside: 0 }), plane),
        colours,
        shares,
      }));
      shown = '';
    },
    setLook(next) {
      look = next;
      masks.forEach(paintMask);
    },
    setWindow(next) {
      level = next;
      paintCt();
    },
    forget() {
      shown = '';
    },
  };
}
