/**
 * The CT while it arrives: first a small preview, then the whole, slice after slice, into one array.
 *
 * What was fetched once stays in memory while the page lives, however often Vue mounts the viewer.
 */
import { CODINGS, spread } from './voxel-codec.js';
import { fetchSlices, forget, remember } from './fetch.js';
/** @import { Display, Scan } from '../types.js' */

/** @param {number[]} shape */
const voxels = (shape) => shape[0] * shape[1] * shape[2];

/**
 * Fetch slices into `values`.
 *
 * @param {string} url
 * @param {string} coding a key of CODINGS
 * @param {number[]} shape
 * @param {Int16Array} values HU, i fastest
 * @param {(slices: number) => void} [arrived] called with how many slices are there
 */
async function fetchScan(url, coding, [ni, nj, nk], values, arrived) {
  const undo = CODINGS[coding];
  if (!undo) throw new Error(`${url} is coded as ${coding}, which this page cannot read`);
  await fetchSlices(url, 2 * ni * nj, nk, (k, bytes) => undo(bytes, ni, nj, values, k * ni * nj), arrived);
  return values;
}

/** @param {Display} display @returns {Promise<?Int16Array>} */
async function fetchPreview({ preview, coding = 'raw16' }) {
  if (!preview) return null;
  const { url, shape } = preview;
  return remember(url, () => fetchScan(url, coding, shape, new Int16Array(voxels(shape))));
}

/**
 * A scan, as soon as there is something to draw. Without a preview that is all of it.
 *
 * @param {Display} display
 */
export async function openScan(display) {
  const small = await fetchPreview(display);
  const scan = await remember(display.volume_url, async () => begin(display, small));
  if (!small) await scan.whole;
  return scan;
}

/**
 * @param {Display} display
 * @param {?Int16Array} small voxels of the preview
 * @returns {Scan}
 */
function begin(display, small) {
  const { preview, volume_url: url, coding = 'raw16' } = display;
  const values = new Int16Array(voxels(display.shape));
  /** @type {Set<(slices: number) => void>} */
  const listeners = new Set();
  if (small && preview) spread(preview, small, display.shape, values);
  const whole = fetchScan(url, coding, display.shape, values, (slices) =>
    listeners.forEach((listener) => listener(slices)),
  );
  whole.catch(() => forget(url));
  return {
    values,
    whole,
    preview: small && preview && { grid: previewGrid(display, preview), values: small },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @param {Display} display @param {NonNullable<Display['preview']>} preview */
const previewGrid = (display, { shape, spacing_mm, origin_mm }) => ({ ...display, shape, spacing_mm, origin_mm });
