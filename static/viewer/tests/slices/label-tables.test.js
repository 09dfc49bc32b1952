import { describe, expect, it } from 'vitest';
import { maskPixels } from '../../src/slices/canvas-pixels.js';
import { labelTables, outlineTables } from '../../src/slices/label-tables.js';
/** @import { Colours } from '../../src/types.js' */

describe('colours of a mask', () => {
  it('give each label its own share of the opacity', () => {
    /** @type {Colours} */
    const two = { 20: [1, 0, 0], 21: [0, 1, 0] };
    const { alpha } = labelTables(two, 0.6, false, { 20: 0.5 });
    expect([20, 21].map((label) => alpha.getValue(label))).toEqual([0.3, 0.6]);
    expect(labelTables({ 1: [1, 0, 0] }, 0.6, true, { 1: 0.5 }).alpha.getValue(1)).toBe(0.3);
    expect(outlineTables(two, 0.6, { 20: 0.5 }).edges.slice(19, 21)).toEqual([0.3, 0.6]);
    const pixels = new Uint32Array(2);
    maskPixels(two, 1, { 20: 0 })(Uint8Array.of(20, 21), pixels);
    expect([...pixels].map((pixel) => pixel >>> 24)).toEqual([0, 255]);
  });

  it('are smooth at the edge of a single label', () => {
    const { alpha, linear } = labelTables({ 1: [1, 0.7, 0.2] }, 0.6, true);
    expect(linear).toBe(true);
    expect(alpha.getValue(0)).toBe(0);
    expect(alpha.getValue(1)).toBeCloseTo(0.6);
  });

  it('are never mixed between neighbouring labels', () => {
    const { colour, linear } = labelTables({ 20: [1, 0, 0], 21: [0, 1, 0] }, 0.6, false);
    expect(linear).toBe(false);
    const rgb = [];
    colour.getColor(20, rgb);
    expect(rgb.map((x) => Math.round(x))).toEqual([1, 0, 0]);
  });

  it('leave a hidden label and its neighbours as they are', () => {
    const { alpha, linear } = labelTables({ 20: [1, 0, 0] }, 0.6, false);
    expect(linear).toBe(false);
    expect([19, 20, 21].map((label) => alpha.getValue(label))).toEqual([0, 0.6, 0]);
  });

  it('draw the edge of what is seen alone', () => {
    const { alpha, edges } = outlineTables({ 20: [1, 0, 0] }, 0.6);
    expect(alpha.getValue(20)).toBe(0);
    expect(edges.flatMap((opacity, n) => (opacity ? [[n + 1, opacity]] : []))).toEqual([[20, 0.6]]);
  });
});
