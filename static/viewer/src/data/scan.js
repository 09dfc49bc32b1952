/**
 * The CT on its way: first a small preview, then the whole, slice after slice, into one array.
 *
 * What was fetched once stays in memory while the page lives, whatever Vue remounts.
 */
import { CODINGS, spread } from './voxel-codec.js';
import { fetchSlices, forget, remember } from './fetch.js';

const voxels = (shape) => shape[0] * shape[1] * shape[2];

/** Fetch the slices of `url` into `values`; `arrived(slices)` is told how many are there, as they come. */
async function fetchScan(url, coding, [ni, nj, nk], values, arrived) {
  const undo = CODINGS[coding];
  if (!undo) throw new Error(`${url} is coded as ${coding}, which this page cannot read`);
  await fetchSlices(url, 2 * ni * nj, nk, (k, bytes) => undo(bytes, ni, nj, values, k * ni * nj), arrived);
  return values;
}

async function fetchPreview({ preview, coding }) {
  if (!preview) return null;
  return remember(preview.url, () => fetchScan(preview.url, coding, preview.shape, new Int16Array(voxels(preview.shape))));
}

/**
 * @param {object} grid display.json
 * @returns {Promise<{values: Int16Array, preview: ?{grid: object, values: Int16Array}, whole: Promise, onArrival: Function}>}
 *   once there is something to draw: `values` hold the preview, stretched, until `whole` is fulfilled; `onArrival` calls a
 *   listener with the number of slices that are there. Without a preview all of them are there.
 */
export async function openScan(grid) {
  const small = await fetchPreview(grid);
  const scan = await remember(grid.volume_url, async () => begin(grid, small));
  if (!small) await scan.whole;
  return scan;
}

function begin(grid, small) {
  const values = new Int16Array(voxels(grid.shape));
  const { preview } = grid;
  if (small) spread(preview, small, grid.shape, values);
  const listeners = new Set();
  const whole = fetchScan(grid.volume_url, grid.coding ?? 'raw16', grid.shape, values, (slices) =>
    listeners.forEach((listener) => listener(slices)),
  );
  whole.catch(() => forget(grid.volume_url));
  const { shape, spacing_mm, origin_mm } = preview ?? {};
  return {
    values,
    whole,
    preview: small && { grid: { ...grid, shape, spacing_mm, origin_mm }, values: small },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
