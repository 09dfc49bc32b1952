/** Fetching what is drawn. Whatever was fetched once stays in memory while the page lives, whatever Vue remounts. */

const kept = new Map();
const MOST_KEPT = 12;

/** What the server says of a refusal, if it says anything. */
async function reasonOf(response) {
  const said = await response.json().catch(() => null);
  return said?.error?.message;
}

/** The answer of `url`, if it is a good one. */
export async function opened(url, init) {
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (!response.ok) throw new Error((await reasonOf(response)) ?? `${url} answered ${response.status}`);
  return response;
}

/** JSON that may change: asked for again each time (a cached copy is revalidated). */
export async function fetchJson(url) {
  return (await opened(url, { cache: 'no-cache' })).json();
}

/**
 * An array of exactly `bytes` bytes (after the browser has undone Content-Encoding), as an ArrayBuffer.
 *
 * @throws {Error} when fewer or more bytes arrive than the grid needs
 */
async function fetchExactly(url, bytes) {
  const reader = (await opened(url)).body.getReader();
  const whole = new Uint8Array(bytes);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > bytes) throw new Error(`${url} holds more than ${bytes} bytes`);
    whole.set(value, filled);
    filled += value.length;
  }
  if (filled !== bytes) throw new Error(`${url} holds ${filled} of ${bytes} bytes`);
  return whole.buffer;
}

/** Ask again the next time. */
export function forget(url) {
  kept.delete(url);
}

/** The promise that `load()` gave when `url` was first asked for; a failure is not kept. */
export function remember(url, load) {
  if (!kept.has(url)) {
    const promise = load();
    kept.set(url, promise);
    promise.catch(() => forget(url));
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(url);
}

const voxels = (grid) => grid.shape[0] * grid.shape[1] * grid.shape[2];

/** Labels of a mask on the same grid: Uint8Array, i fastest. */
export function fetchMask(grid, url) {
  return remember(url, async () => new Uint8Array(await fetchExactly(url, voxels(grid))));
}

/** A whole file, such as an STL mesh, as an ArrayBuffer. */
export function fetchFile(url) {
  return remember(url, async () => (await opened(url)).arrayBuffer());
}
