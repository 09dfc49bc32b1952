/** Decoding of what webapp/display/voxel_codec.py writes: slices predicted from their neighbours, split into bytes. */

/**
 * Decode one slice.
 *
 * @param {Uint8Array} bytes 2·ni·nj of them: all low bytes, then all high bytes
 * @param {number} ni
 * @param {number} nj
 * @param {Int16Array} out HU, i fastest
 * @param {number} at where in `out` the slice begins
 */
export function decodeSlice(bytes, ni, nj, out, at = 0) {
  const size = ni * nj;
  const rest = (/** @type {number} */ n) => {
    const folded = bytes[n] | (bytes[n + size] << 8);
    return (folded >> 1) ^ -(folded & 1);
  };
  out[at] = rest(0);
  for (let i = 1; i < ni; i += 1) out[at + i] = out[at + i - 1] + rest(i);
  for (let j = 1, n = ni; j < nj; j += 1) {
    let p = at + n;
    out[p] = out[p - ni] + rest(n);
    let left = out[p];
    let corner = out[p - ni];
    n += 1;
    p += 1;
    for (let i = 1; i < ni; i += 1, n += 1, p += 1) {
      const above = out[p - ni];
      const low = left < above ? left : above;
      const high = left < above ? above : left;
      // Median edge detector: an edge left or above is followed, else the plane through the three.
      const guess = corner >= high ? low : corner <= low ? high : left + above - corner;
      const folded = bytes[n] | (bytes[n + size] << 8);
      out[p] = guess + ((folded >> 1) ^ -(folded & 1)); // modulo 2^16, as an Int16Array keeps it
      left = out[p];
      corner = above;
    }
  }
}

/**
 * Decode one slice of plain int16, little-endian: what older versions of the server wrote.
 *
 * @type {typeof decodeSlice}
 */
function plainSlice(bytes, ni, nj, out, at = 0) {
  for (let n = 0; n < ni * nj; n += 1) out[at + n] = bytes[2 * n] | (bytes[2 * n + 1] << 8);
}

/**
 * Decoders by the name of a coding in display.json.
 *
 * @type {Record<string, typeof decodeSlice>}
 */
export const CODINGS = { med16: decodeSlice, raw16: plainSlice };

/**
 * Cut a stream of bytes into slices. Both functions returned throw where there are more or fewer slices than `count`.
 *
 * @param {number} size of a slice, bytes
 * @param {number} count
 * @param {(slice: number, bytes: Uint8Array) => void} take must not keep the bytes
 */
export function slicer(size, count, take) {
  const slice = new Uint8Array(size);
  let filled = 0;
  let done = 0;
  return {
    /** @param {Uint8Array} bytes @returns how many slices are complete */
    push(bytes) {
      let from = 0;
      while (from < bytes.length) {
        if (done >= count) throw new Error(`more than ${count} slices came`);
        const some = bytes.subarray(from, from + size - filled);
        slice.set(some, filled);
        filled += some.length;
        from += some.length;
        if (filled === size) {
          take(done, slice);
          done += 1;
          filled = 0;
        }
      }
      return done;
    },
    end() {
      if (filled || done !== count) throw new Error(`only ${done} of ${count} slices came`);
    },
  };
}

/**
 * Fill `values` on a grid of `shape` from a preview whose voxels each stand for a block of `factors` voxels.
 *
 * @param {{shape: number[], factors: number[]}} preview
 * @param {Int16Array} small voxels of the preview
 * @param {number[]} shape
 * @param {Int16Array} values
 */
export function spread(preview, small, shape, values) {
  const [fi, fj, fk] = preview.factors;
  const [pi, pj] = preview.shape;
  const [ni, nj, nk] = shape;
  for (let k = 0; k < nk; k += 1) {
    const slice = ni * nj * k;
    if (k % fk) {
      values.copyWithin(slice, slice - ni * nj, slice);
      continue;
    }
    for (let j = 0; j < nj; j += 1) {
      const row = slice + ni * j;
      if (j % fj) {
        values.copyWithin(row, row - ni, row);
        continue;
      }
      const from = pi * (Math.floor(j / fj) + pj * Math.floor(k / fk));
      for (let i = 0; i < ni; i += 1) values[row + i] = small[from + Math.floor(i / fi)];
    }
  }
}
