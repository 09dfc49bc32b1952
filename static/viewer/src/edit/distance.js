/** Signed distances from the border of a shape in a picture, mm, exact (pure): Felzenszwalb and Huttenlocher 2012. */

const FAR = 1e12;

/**
 * Squared distances along one line: the lower envelope of parabolas.
 *
 * @param {Float64Array} line squared distances so far, replaced
 * @param {number} count
 * @param {number} step mm
 * @param {{at: Int32Array, from: Float64Array, out: Float64Array}} room
 */
function alongLine(line, count, step, { at, from, out }) {
  let k = 0;
  at[0] = 0;
  [from[0], from[1]] = [-Infinity, Infinity];
  for (let q = 1; q < count; q += 1) {
    const meets = () => {
      const p = at[k];
      return (line[q] - line[p] + step * step * (q * q - p * p)) / (2 * step * step * (q - p));
    };
    let s = meets();
    while (s <= from[k]) {
      k -= 1;
      s = meets();
    }
    k += 1;
    at[k] = q;
    [from[k], from[k + 1]] = [s, Infinity];
  }
  k = 0;
  for (let q = 0; q < count; q += 1) {
    while (from[k + 1] < q) k += 1;
    out[q] = (step * (q - at[k])) ** 2 + line[at[k]];
  }
  line.set(out.subarray(0, count));
}

/**
 * Distance of each element's middle to the nearest one that is in the shape, mm.
 *
 * @param {Uint8Array} shape 1 inside, x fastest
 * @param {number} inside what counts: 1 the shape, 0 what is around it
 * @param {[number, number]} size
 * @param {[number, number]} spacing
 */
function distancesTo(shape, inside, [width, height], spacing) {
  const field = Float64Array.from(shape, (value) => (value === inside ? 0 : FAR));
  const longest = Math.max(width, height);
  const room = { at: new Int32Array(longest), from: new Float64Array(longest + 1), out: new Float64Array(longest) };
  const line = new Float64Array(longest);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) line[y] = field[x + width * y];
    alongLine(line, height, spacing[1], room);
    for (let y = 0; y < height; y += 1) field[x + width * y] = line[y];
  }
  for (let y = 0; y < height; y += 1) {
    const row = field.subarray(width * y, width * (y + 1));
    alongLine(row, width, spacing[0], room);
  }
  return field.map(Math.sqrt);
}

/**
 * Negative inside of the shape, positive outside; 0 half way between the two.
 *
 * @param {Uint8Array} shape 1 inside, x fastest
 * @param {[number, number]} size
 * @param {[number, number]} spacing mm
 */
export function signedDistances(shape, size, spacing) {
  const outside = distancesTo(shape, 1, size, spacing);
  const inside = distancesTo(shape, 0, size, spacing);
  const half = Math.min(...spacing) / 2;
  return outside.map((mm, n) => (shape[n] ? half - inside[n] : mm - half));
}
