import { describe, expect, it } from 'vitest';
import { CODINGS, decodeSlice, slicer, spread } from '../../src/data/voxel-codec.js';

describe('slices as they travel', () => {
  it('come back from the bytes that the server writes', () => {
    // The same bytes as in tests/webapp/test_coding.py: rows j are 10 13 and 12 13.
    const out = new Int16Array(5);
    decodeSlice(Uint8Array.from([20, 6, 4, 0, 0, 0, 0, 0]), 2, 2, out, 1);
    expect([...out]).toEqual([0, 10, 13, 12, 13]);
  });

  it('keep the sign, and wrap where a guess is far off', () => {
    const out = new Int16Array(2);
    // 32767 from 0 is folded to 65534; -32768 from 32767 is 1 modulo 2^16, folded to 2.
    decodeSlice(Uint8Array.from([254, 2, 255, 0]), 2, 1, out);
    expect([...out]).toEqual([32767, -32768]);
  });

  it('may be plain int16 of an older server', () => {
    const out = new Int16Array(2);
    CODINGS.raw16(Uint8Array.from([255, 255, 1, 2]), 2, 1, out, 0);
    expect([...out]).toEqual([-1, 513]);
  });

  it('are cut from a stream in any pieces', () => {
    const seen = [];
    const cut = slicer(3, 2, (n, bytes) => seen.push([n, ...bytes]));
    expect([[1], [2, 3, 4], [5, 6]].map((bytes) => cut.push(Uint8Array.from(bytes)))).toEqual([0, 1, 2]);
    cut.end();
    expect(seen).toEqual([[0, 1, 2, 3], [1, 4, 5, 6]]);
    expect(() => cut.push(Uint8Array.from([7]))).toThrow('more than 2');
  });

  it('are missed when the stream ends early', () => {
    const cut = slicer(3, 2, () => {});
    cut.push(Uint8Array.from([1, 2, 3, 4]));
    expect(() => cut.end()).toThrow('only 1 of 2');
  });
});

describe('a preview', () => {
  it('is stretched over the scan, smaller blocks at the end included', () => {
    const values = new Int16Array(3 * 2 * 2);
    spread({ shape: [2, 1, 2], factors: [2, 2, 1] }, Int16Array.from([1, 2, 3, 4]), [3, 2, 2], values);
    expect([...values]).toEqual([1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4]);
  });
});
