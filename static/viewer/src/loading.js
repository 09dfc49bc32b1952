/** Fetching what is drawn. Whatever was fetched once stays in memory while the page lives, whatever Vue remounts. */

const kept = new Map();
const MOST_KEPT = 12;

async function opened(url, init) {
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/** JSON that may change: asked for again each time (a cached copy is revalidated). */
export async function fetchJson(url) {
  return (await opened(url, { cache: 'no-cache' })).json();
}

/**
 * An array of exactly `bytes` bytes (after the browser has undone Content-Encoding), as an ArrayBuffer.
 *
 * @param {(fraction: number) => void} onProgress 0 to 1
 * @throws {Error} when fewer or more bytes arrive than the grid needs
 */
async function fetchExactly(url, bytes, onProgress) {
  const reader = (await opened(url)).body.getReader();
  const whole = new Uint8Array(bytes);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > bytes) throw new Error(`${url} holds more than ${bytes} bytes`);
    whole.set(value, filled);
    filled += value.length;
    onProgress(filled / bytes);
  }
  if (filled !== bytes) throw new Error(`${url} holds ${filled} of ${bytes} bytes`);
  return whole.buffer;
}

function remember(url, load) {
  if (!kept.has(url)) {
    const promise = load();
    kept.set(url, promise);
    promise.catch(() => kept.delete(url));
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(url);
}

const voxels = (grid) => grid.shape[0] * grid.shape[1] * grid.shape[2];
const ignore = () => {};

/** HU of the whole volume: Int16Array, i fastest. */
export function fetchVolume(grid, onProgress = ignore) {
  return remember(grid.volume_url, async () => {
    const buffer = await fetchExactly(grid.volume_url, voxels(grid) * 2, onProgress);
    return new Int16Array(buffer);
  });
}

/** Labels of a mask on the same grid: Uint8Array, i fastest. */
export function fetchMask(grid, url) {
  return remember(url, async () => new Uint8Array(await fetchExactly(url, voxels(grid), ignore)));
}

/** A whole file, such as an STL mesh, as an ArrayBuffer. */
export function fetchFile(url) {
  return remember(url, async () => (await opened(url)).arrayBuffer());
}
