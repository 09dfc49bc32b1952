/** The masks above one slice: areas with smooth outlines, and names at the vertebrae, on a canvas of their own. */
import { indexToPlane, planeToScreen } from '../core/geometry.js';
import { contoursOf } from './contours.js';
import { createSampler, partOf, pictureAxes } from './reslice.js';
/**
 * @import { Frame, Look, Mask, Plane, Rgb, Sampler, Slab, Vec2, View } from '../types.js'
 * @import { Change } from '../edit/label-volume.js'
 * @import { Contour } from './contours.js'
 */

/** @typedef {{contour: Contour, path: Path2D}} Drawn */
/**
 * `labels` are those of the whole picture, kept once a part of it was drawn anew.
 *
 * @typedef {{mask: Mask, sample: Sampler, drawn: Drawn[], labels: ?Uint8Array}} Layer
 */
/** @typedef {{slice: number, slab: Slab}} Shown */

const OUTLINE_PX = 1.75;
const NAME_PX = 15;
const NAME_HEIGHT_PX = 22;

/**
 * A closed curve through the middles of a polygon's sides, which its corners bend.
 *
 * @param {Path2D} path
 * @param {Float32Array} curve
 */
function trace(path, curve) {
  const count = curve.length;
  path.moveTo((curve[count - 2] + curve[0]) / 2, (curve[count - 1] + curve[1]) / 2);
  for (let n = 0; n < count; n += 2) {
    const m = (n + 2) % count;
    path.quadraticCurveTo(curve[n], curve[n + 1], (curve[n] + curve[m]) / 2, (curve[n + 1] + curve[m + 1]) / 2);
  }
  path.closePath();
}

/** @param {Contour} contour @returns {Drawn} */
function drawnOf(contour) {
  const path = new Path2D();
  contour.curves.forEach((curve) => trace(path, curve));
  return { contour, path };
}

/** @param {Rgb} rgb */
const css = (rgb) => `rgb(${rgb.map((part) => Math.round(255 * part)).join(' ')})`;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Layer[]} layers
 * @param {Look} look
 * @param {DOMMatrix} toScreen from elements of the picture to px
 */
function paintAreas(context, layers, look, toScreen) {
  context.lineWidth = OUTLINE_PX;
  context.lineJoin = 'round';
  for (const { mask, drawn } of layers)
    for (const { contour, path } of drawn) {
      const onScreen = new Path2D();
      onScreen.addPath(path, toScreen);
      const share = mask.shares[contour.label] ?? 1;
      context.fillStyle = css(mask.colours[contour.label]);
      context.strokeStyle = context.fillStyle;
      context.globalAlpha = look.opacity * share;
      if (look.style !== 'outline') context.fill(onScreen, 'evenodd');
      context.globalAlpha = look.opacity > 0 ? share : 0;
      if (look.style !== 'filled') context.stroke(onScreen);
    }
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Layer[]} layers
 * @param {DOMMatrix} toScreen
 * @param {string} font family
 */
function paintNames(context, layers, toScreen, font) {
  context.font = `600 ${NAME_PX}px ${font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  /** @type {{x: number, y: number, half: number}[]} */
  const taken = [];
  for (const { mask, drawn } of layers)
    for (const { contour } of drawn) {
      const name = mask.names[contour.label];
      if (!name) continue;
      const { x, y } = toScreen.transformPoint({ x: contour.middle[0], y: contour.middle[1] });
      const half = context.measureText(name).width / 2 + 6;
      const covers = taken.some((o) => Math.abs(o.x - x) < o.half + half && Math.abs(o.y - y) < NAME_HEIGHT_PX);
      if (covers) continue;
      taken.push({ x, y, half });
      context.fillStyle = 'rgb(5 8 11 / 72%)';
      context.beginPath();
      context.roundRect(x - half, y - NAME_HEIGHT_PX / 2, 2 * half, NAME_HEIGHT_PX, NAME_HEIGHT_PX / 2);
      context.fill();
      context.fillStyle = css(mask.colours[contour.label]);
      context.fillText(name, x, y + 1);
    }
}

/**
 * From elements of a plane's picture to px.
 *
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {View} view
 * @param {Vec2} size of the panel, CSS px
 */
function matrixOf(frame, plane, view, size) {
  const [u, v] = pictureAxes(plane);
  const at = (/** @type {number} */ x, /** @type {number} */ y) => {
    const index = [0, 0, 0];
    [index[u], index[v]] = [x, y];
    return planeToScreen(view, size, indexToPlane(frame, plane, index));
  };
  const [o, x, y] = [at(0, 0), at(1, 0), at(0, 1)];
  return new DOMMatrix([x[0] - o[0], x[1] - o[1], y[0] - o[0], y[1] - o[1], o[0], o[1]]);
}

/** How a slab is sampled: a label is seen wherever one of its slices holds it. @param {Slab} slab @returns {Slab} */
const anyOf = (slab) => ({ ...slab, mode: 'max' });

/**
 * Draw changed voxels of a mask: their part of the picture is sampled again, and only their labels' outlines made anew.
 *
 * @param {Layer} layer
 * @param {{frame: Frame, plane: Plane}} seen
 * @param {Shown} shown
 * @param {Change} change
 * @returns {boolean} whether any of it is seen on this slice
 */
function drawChange(layer, { frame, plane }, { slice, slab }, change) {
  const part = partOf(layer.mask, frame, plane, { slice, count: slab.count }, change);
  if (!part) return false;
  const [u, v] = pictureAxes(plane);
  const [width, height] = [frame.shape[u], frame.shape[v]];
  const isWhole = layer.labels !== null;
  layer.labels ??= new Uint8Array(width * height);
  layer.sample(plane, slice, anyOf(slab), layer.labels, isWhole ? part : undefined);
  const isNew = (/** @type {number} */ label) => label in layer.mask.colours && change.labels.has(label);
  const others = layer.drawn.filter(({ contour }) => !change.labels.has(contour.label));
  layer.drawn = [...others, ...contoursOf(layer.labels, width, isNew).map(drawnOf)];
  return true;
}

/**
 * @param {HTMLElement} element the panel's host
 * @param {Frame} frame
 * @param {Plane} plane
 */
export function createContourLayer(element, frame, plane) {
  const [u, v] = pictureAxes(plane);
  const [width, height] = [frame.shape[u], frame.shape[v]];
  const canvas = document.createElement('canvas');
  canvas.className = 'sv-contours';
  canvas.setAttribute('aria-hidden', 'true');
  element.append(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  /** @type {Uint8Array | null} */
  let labels = null;
  /** @type {Layer[]} */
  let layers = [];
  /** @type {Look} */
  let look = { opacity: 0.3, style: 'both', names: true };
  let shown = '';
  /** @type {?Shown} */
  let last = null;

  return {
    /** Voxels of a mask changed. @param {string} id @param {Change} change @returns whether any of it is seen */
    edited(id, change) {
      const layer = layers.find(({ mask }) => mask.id === id);
      return layer !== undefined && last !== null && drawChange(layer, { frame, plane }, last, change);
    },
    /** @param {Mask[]} masks */
    set(masks) {
      shown = '';
      layers = masks.map((mask) => {
        const sample = createSampler(mask.grid, frame, mask.box.values, { linear: false, outside: 0 });
        return { mask, sample, drawn: [], labels: null };
      });
    },
    /** @param {Look} next */
    setLook(next) {
      look = next;
    },
    /** The masks' voxels changed. */
    invalidate() {
      shown = '';
    },
    /** @param {number} slice @param {Slab} slab */
    show(slice, slab) {
      const wanted = `${slice} ${slab.count}`;
      if (wanted === shown) return;
      shown = wanted;
      last = { slice, slab };
      labels ??= new Uint8Array(width * height);
      for (const layer of layers) {
        layer.labels = null;
        layer.sample(plane, slice, anyOf(slab), labels);
        const { colours } = layer.mask;
        layer.drawn = contoursOf(labels, width, (label) => label in colours).map(drawnOf);
      }
    },
    /** @param {View} view @param {Vec2} size of the panel, CSS px */
    draw(view, size) {
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const wanted = size.map((px) => Math.round(px * ratio));
      if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      // A busy browser was seen to go on showing what a canvas held before it was cleared and nothing drawn.
      canvas.style.visibility = layers.length ? '' : 'hidden';
      if (!layers.length) return;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const toScreen = matrixOf(frame, plane, view, size);
      paintAreas(context, layers, look, toScreen);
      if (look.names && look.opacity > 0) paintNames(context, layers, toScreen, getComputedStyle(element).fontFamily);
    },
    destroy: () => canvas.remove(),
  };
}

/** @typedef {ReturnType<typeof createContourLayer>} ContourLayer */
