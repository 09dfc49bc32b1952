/**
 * The CT on its way: first a small preview, then the whole, slice after slice, into one array.
 *
 * What was fetched once stays in memory while the page lives, whatever Vue remounts.
 */
import { CODINGS, slicer, spread } from './coding.js';
import { forget, opened, remember } from './loading.js';

const PIECE = 1 << 18; // bytes

const voxels = (shape) => shape[0] * shape[1] * shape[2];

/**
 * Reads a body piece by piece, into one and the same buffer where the browser can: else the pieces that were used pile up,
 * as large as the scan, until the browser cleans up.
 */
function reading(body) {
  try {
    const reader = body.getReader({ mode: 'byob' });
    let buffer = new ArrayBuffer(PIECE);
    return async () => {
      const piece = await reader.read(new Uint8Array(buffer));
      if (piece.value) buffer = piece.value.buffer;
      return piece;
    };
  } catch {
    const reader = body.getReader();
    return () => reader.read();
  }
}

/** Fetch the slices of `url` into `values`; `arrived(slices)` is told how many are there, as they come. */
async function fetchSlices(url, coding, [ni, nj, nk], values, arrived) {
  const undo = CODINGS[coding];
  if (!undo) throw new Error(`${url} is coded as ${coding}, which this page cannot read`);
  const slices = slicer(2 * ni * nj, nk, (k, bytes) => undo(bytes, ni, nj, values, k * ni * nj));
  const read = reading((await opened(url)).body);
  for (;;) {
    const { done, value } = await read();
    if (done) break;
    arrived(slices.push(value));
  }
  slices.end();
  return values;
}

const ignore = () => {};

async function fetchPreview({ preview, coding }) {
  if (!preview) return null;
  return remember(preview.url, () => fetchSlices(preview.url, coding, preview.shape, new Int16Array(voxels(preview.shape)), ignore));
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
  const whole = fetchSlices(grid.volume_url, grid.coding ?? 'raw16', grid.shape, values, (slices) =>
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
