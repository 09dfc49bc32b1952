/** Changed voxels as runs along i: small enough to keep a few hundred steps that can be undone (pure). */

/**
 * Runs, each of one label before and one after; offsets are on the whole grid.
 *
 * @typedef {object} Delta
 * @property {Uint32Array} offsets
 * @property {Uint8Array} lengths
 * @property {Uint8Array} before
 * @property {Uint8Array} after
 */

const START = 256;

/** Collects runs. */
export function createRuns() {
  let offsets = new Uint32Array(START);
  let bytes = new Uint8Array(3 * START); // length, before, after
  let count = 0;

  /** @param {number} offset @param {number} length @param {number} before @param {number} after */
  function add(offset, length, before, after) {
    if (count === offsets.length) {
      const [longer, wider] = [new Uint32Array(2 * count), new Uint8Array(6 * count)];
      longer.set(offsets);
      wider.set(bytes);
      [offsets, bytes] = [longer, wider];
    }
    offsets[count] = offset;
    bytes[3 * count] = length;
    bytes[3 * count + 1] = before;
    bytes[3 * count + 2] = after;
    count += 1;
  }
  /** @param {number} part */
  const column = (part) => Uint8Array.from({ length: count }, (_, n) => bytes[3 * n + part]);

  return {
    /**
     * Compare a row of a block.
     *
     * @param {Uint8Array} was
     * @param {Uint8Array} now
     * @param {number} at where the row begins in both
     * @param {number} length of the row, 255 at most
     * @param {number} offset of its first voxel on the whole grid
     */
    addRow(was, now, at, length, offset) {
      for (let i = 0; i < length; ) {
        const from = i;
        const [a, b] = [was[at + i], now[at + i]];
        while (i < length && was[at + i] === a && now[at + i] === b) i += 1;
        if (a !== b) add(offset + from, i - from, a, b);
      }
    },
    /** @returns {Delta} */
    taken: () => ({ offsets: offsets.slice(0, count), lengths: column(0), before: column(1), after: column(2) }),
  };
}
