/** Fetching what is drawn. Whatever was fetched once stays in memory while the page lives, whatever Vue remounts. */
import { slicer } from './voxel-codec.js';
import { createBoxCollector } from './label-bounds.js';

const PIECE = 1 << 18; // bytes

const kept = new Map();
const MOST_KEPT = 64;

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

/**
 * Hands each of the `count` slices of `url`, `size` bytes (after the browser has undone Content-Encoding), to
 * `take(number, bytes)`, which must not keep them; `arrived(slices)` is told how many are there, as they come.
 *
 * @throws {Error} when fewer or more bytes arrive
 */
export async function fetchSlices(url, size, count, take, arrived = () => {}) {
  const slices = slicer(size, count, take);
  const read = reading((await opened(url)).body);
  try {
    for (;;) {
      const { done, value } = await read();
      if (done) break;
      arrived(slices.push(value));
    }
    slices.end();
  } catch (error) {
    throw new Error(`${url}: ${error.message}`, { cause: error });
  }
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

/** Labels of a mask on the same grid, cut to where there are some: see label-bounds.js. */
export function fetchMask(grid, url) {
  return remember(url, async () => {
    const [ni, nj, nk] = grid.shape;
    const labels = createBoxCollector([ni, nj]);
    await fetchSlices(url, ni * nj, nk, labels.take);
    return labels.box();
  });
}

/** A whole file, such as an STL mesh, as an ArrayBuffer; it is not kept. */
export async function fetchFile(url) {
  return (await opened(url)).arrayBuffer();
}
