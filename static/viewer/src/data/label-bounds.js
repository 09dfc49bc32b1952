/**
 * The box that a mask's labels fill, and nothing of what is around it: a spine is a twentieth of its scan, and the rest
 * of its label volume, half as large as the scan itself, is zeros (pure).
 */
import { indexToWorld } from '../core/geometry.js';
import { places } from '../vtk/vtk-image.js';

/** First and last place where `bytes` are not 0, from `start` to before `end`; null where all are. */
function filled(bytes, start, end) {
  let first = start;
  while (first < end && bytes[first] === 0) first += 1;
  if (first === end) return null;
  let last = end - 1;
  while (bytes[last] === 0) last -= 1;
  return [first, last];
}

/** What of one slice is filled, copied: { i: [first, last], j: [first, last], rows: Uint8Array }, or null. */
function cut(bytes, ni, nj) {
  const all = filled(bytes, 0, ni * nj);
  if (!all) return null;
  const j = all.map((at) => Math.floor(at / ni));
  let [low, high] = [ni, -1];
  for (let row = j[0]; row <= j[1]; row += 1) {
    const found = filled(bytes, row * ni, (row + 1) * ni);
    if (!found) continue;
    low = Math.min(low, found[0] - row * ni);
    high = Math.max(high, found[1] - row * ni);
  }
  const width = high - low + 1;
  const rows = new Uint8Array(width * (j[1] - j[0] + 1));
  for (let row = j[0]; row <= j[1]; row += 1) rows.set(bytes.subarray(row * ni + low, row * ni + high + 1), (row - j[0]) * width);
  return { i: [low, high], j, rows };
}

/**
 * Takes the slices of a label volume as they come: { take(k, bytes), box() }. `box()` is { first, shape, values }: the
 * voxel where the labels begin along i, j, k, how many there are along each, and the labels, i fastest. A mask without labels
 * has one empty voxel.
 */
export function createBoxCollector([ni, nj]) {
  const slices = [];
  return {
    take(k, bytes) {
      const slice = cut(bytes, ni, nj);
      if (slice) slices.push({ k, ...slice });
    },
    box() {
      if (!slices.length) return { first: [0, 0, 0], shape: [1, 1, 1], values: new Uint8Array(1) };
      const range = (axis) => [Math.min(...slices.map((slice) => slice[axis][0])), Math.max(...slices.map((slice) => slice[axis][1]))];
      const [[i0, i1], [j0, j1]] = [range('i'), range('j')];
      const k0 = slices[0].k;
      const shape = [i1 - i0 + 1, j1 - j0 + 1, slices.at(-1).k - k0 + 1];
      const values = new Uint8Array(shape[0] * shape[1] * shape[2]);
      for (const { k, i, j, rows } of slices) {
        const width = i[1] - i[0] + 1;
        for (let row = j[0]; row <= j[1]; row += 1)
          values.set(rows.subarray((row - j[0]) * width, (row - j[0] + 1) * width), i[0] - i0 + shape[0] * (row - j0 + shape[1] * (k - k0)));
      }
      return { first: [i0, j0, k0], shape, values };
    },
  };
}

/** The grid of a box's voxels, a part of `grid`. */
export const gridOf = (grid, { first, shape }) => ({ ...grid, shape, origin_mm: indexToWorld(grid, first) });

/** A whole volume of `shape` with one voxel of each block of `factors`, as `thinned` makes it, of the labels of a box. */
export function thinnedBox({ first, shape: size, values }, shape, factors) {
  const kept = shape.map((n, axis) => places(n, factors[axis]));
  const [is, js, ks] = kept.map((all, axis) =>
    all.map((at, block) => [block, at - first[axis]]).filter(([, at]) => at >= 0 && at < size[axis]),
  );
  const [mi, mj, mk] = kept.map((all) => all.length);
  const result = new Uint8Array(mi * mj * mk);
  for (const [kb, k] of ks)
    for (const [jb, j] of js) for (const [ib, i] of is) result[ib + mi * (jb + mj * kb)] = values[i + size[0] * (j + size[1] * k)];
  return result;
}
