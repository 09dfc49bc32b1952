/**
 * Fetching what is drawn. What was fetched once stays in memory while the page lives, however often Vue mounts the
 * viewer.
 */
import { slicer } from './voxel-codec.js';
import { createBoxCollector } from './label-bounds.js';
/** @import { Grid } from '../types.js' */

const PIECE = 1 << 18; // bytes

/** @type {Map<string, Promise<any>>} */
const kept = new Map();
const MOST_KEPT = 64;

/** The message of an error response, if it has one. @param {Response} response */
async function reasonOf(response) {
  const body = await response.json().catch(() => null);
  return body?.error?.message;
}

/**
 * The response of `url`.
 *
 * @param {string} url
 * @param {RequestInit} [init]
 * @throws {Error} with the server's message where it refuses
 */
async function opened(url, init) {
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (!response.ok) throw new Error((await reasonOf(response)) ?? `${url} answered ${response.status}`);
  return response;
}

/** JSON that may change: asked for again each time (a cached copy is revalidated). @param {string} url */
export async function fetchJson(url) {
  return (await opened(url, { cache: 'no-cache' })).json();
}

/**
 * The answer to a request with a JSON body, if there is one; null where the answer has none.
 *
 * @param {string} url
 * @param {string} method
 * @param {object} [body]
 */
export async function askJson(url, method = 'GET', body = undefined) {
  const headers = body && { 'Content-Type': 'application/json' };
  const response = await opened(url, { method, headers, body: body && JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}

/**
 * Reads a body piece by piece, into one and the same buffer where the browser can: else the pieces that were used pile
 * up, as large as the scan, until the browser cleans up.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {() => Promise<{done: boolean, value?: Uint8Array<ArrayBuffer>}>}
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
 * Fetch a file slice by slice.
 *
 * @param {string} url
 * @param {number} size of a slice, bytes (after the browser has undone Content-Encoding)
 * @param {number} count
 * @param {(slice: number, bytes: Uint8Array) => void} take must not keep the bytes
 * @param {(slices: number) => void} arrived called with how many slices are there, as they come
 * @throws {Error} when fewer or more bytes arrive
 */
export async function fetchSlices(url, size, count, take, arrived = () => {}) {
  const slices = slicer(size, count, take);
  const { body } = await opened(url);
  if (!body) throw new Error(`${url} is empty`);
  const read = reading(body);
  try {
    for (;;) {
      const { done, value } = await read();
      if (done) break;
      if (value) arrived(slices.push(value));
    }
    slices.end();
  } catch (error) {
    throw new Error(`${url}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Fetch `url` again the next time. @param {string} url */
export function forget(url) {
  kept.delete(url);
}

/**
 * The promise that `load()` gave when `url` was first asked for; a failure is not kept.
 *
 * @template Loaded
 * @param {string} url
 * @param {() => Promise<Loaded>} load
 * @returns {Promise<Loaded>}
 */
export function remember(url, load) {
  const known = kept.get(url);
  if (known) return known;
  const promise = load();
  kept.set(url, promise);
  promise.catch(() => forget(url));
  if (kept.size > MOST_KEPT) kept.delete([...kept.keys()][0]);
  return promise;
}

/**
 * Labels of a mask on `grid`, cut to where there are some.
 *
 * @param {Grid} grid
 * @param {string} url
 */
export function fetchMask(grid, url) {
  return remember(url, async () => {
    const [ni, nj, nk] = grid.shape;
    const labels = createBoxCollector([ni, nj]);
    await fetchSlices(url, ni * nj, nk, labels.take);
    return labels.box();
  });
}

/** A whole file, such as a mesh, as an ArrayBuffer; it is not kept. @param {string} url */
export async function fetchFile(url) {
  return (await opened(url)).arrayBuffer();
}
