/** Changed blocks as bytes and back: what webapp/storage/edits/blocks.py reads and keeps. */
/** @import { LabelBox } from '../types.js' */

/** @typedef {{first: number[], shape: number[], labels: Uint8Array}} Block */

const HEAD = 12; // bytes: six uint16

/** @param {Block[]} blocks */
export function joinBlocks(blocks) {
  const bytes = new Uint8Array(blocks.reduce((sum, { labels }) => sum + HEAD + labels.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { first, shape, labels } of blocks) {
    [...first, ...shape].forEach((value, n) => view.setUint16(at + 2 * n, value, true));
    bytes.set(labels, at + HEAD);
    at += HEAD + labels.length;
  }
  return bytes;
}

/** @param {Uint8Array} bytes @returns {LabelBox[]} */
export function separateBlocks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = [];
  for (let at = 0; at < bytes.length; ) {
    const numbers = [0, 1, 2, 3, 4, 5].map((n) => view.getUint16(at + 2 * n, true));
    const shape = numbers.slice(3);
    const end = at + HEAD + shape[0] * shape[1] * shape[2];
    blocks.push({ first: numbers.slice(0, 3), shape, values: bytes.slice(at + HEAD, end) });
    at = end;
  }
  return blocks;
}

/** The bodies that a draft's address gives, each behind its length. @param {ArrayBuffer} buffer */
export function bodiesOf(buffer) {
  const view = new DataView(buffer);
  const bodies = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const length = view.getUint32(at, true);
    bodies.push(new Uint8Array(buffer, at + 4, length));
    at += 4 + length;
  }
  return bodies;
}

/** @param {Uint8Array} bytes @param {CompressionStream | DecompressionStream} stream */
async function through(bytes, stream) {
  const piped = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(/** @type {any} */ (stream));
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

/** zlib (RFC 1950). @param {Uint8Array} bytes */
export const deflated = (bytes) => through(bytes, new CompressionStream('deflate'));
/** @param {Uint8Array} bytes */
export const inflated = (bytes) => through(bytes, new DecompressionStream('deflate'));
