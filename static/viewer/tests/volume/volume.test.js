import { describe, expect, it } from 'vitest';
import { WHOLE, boxPlanes } from '../../src/volume/clip-box.js';
import { maskTables } from '../../src/volume/ct-volume.js';
import { VOLUME_PRESETS, presetCopy } from '../../src/volume/presets-3d.js';
import { SIDES, edgeLetters, lookFrom } from '../../src/volume/standard-views.js';
import {
  AXIS, addPoint, fromHex, histogram, movePoint, removePoint, toHex, valueAt,
} from '../../src/volume/transfer-points.js';

const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [10, 20, 30], spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: IDENTITY };

describe('presets of the 3D view', () => {
  it.each(Object.keys(VOLUME_PRESETS))('%s rises in HU and stays between 0 and 1', (name) => {
    const { colours, opacities } = VOLUME_PRESETS[name];
    [colours, opacities].forEach((points) => {
      points.slice(1).forEach((point, n) => expect(point[0]).toBeGreaterThan(points[n][0]));
      points.forEach(([, ...values]) => values.forEach((value) => expect(value >= 0 && value <= 1).toBe(true)));
    });
    [...colours, ...opacities].forEach(([hu]) => expect(hu).toBeGreaterThanOrEqual(AXIS[0]));
  });

  it('are copied, not shared', () => {
    presetCopy('bone').opacities[0][1] = 1;
    expect(VOLUME_PRESETS.bone.opacities[0][1]).toBe(0);
  });
});

describe('points of a transfer function', () => {
  const points = [[-1000, 0], [100, 0.2], [400, 0.6]];

  it('move between their neighbours', () => {
    expect(movePoint(points, 1, 900, [0.5])[1]).toEqual([398, 0.5]);
    expect(movePoint(points, 0, -9000, [0])[0]).toEqual([AXIS[0], 0]);
    expect(points[1]).toEqual([100, 0.2]);
  });

  it('are added in their place, and two always stay', () => {
    const { points: more, index } = addPoint(points, 250, [0.9]);
    expect(more.map(([hu]) => hu)).toEqual([-1000, 100, 250, 400]);
    expect(index).toBe(2);
    expect(removePoint(more, 2)).toEqual(points);
    expect(removePoint(points.slice(0, 2), 0)).toHaveLength(2);
  });

  it('are linear between and constant beyond', () => {
    expect(valueAt(points, 250)).toEqual([0.4]);
    expect(valueAt(points, -1024)).toEqual([0]);
    expect(valueAt(points, 2000)).toEqual([0.6]);
  });

  it('have colours that a picker understands', () => {
    expect(toHex([1, 0.5, 0])).toBe('#ff8000');
    expect(fromHex('#ff8000').map((x) => Math.round(x * 255))).toEqual([255, 128, 0]);
  });

  it('lie over a histogram whose tallest bar is one', () => {
    const heights = histogram(Int16Array.from({ length: 900 }, (_, n) => (n < 800 ? 40 : 500)));
    expect(Math.max(...heights)).toBe(1);
    expect(heights.filter((h) => h > 0)).toHaveLength(2);
  });
});

describe('the six sides', () => {
  /** @returns {any} */
  const camera = () => {
    const seen = {};
    const keep = (name) => (...values) => (seen[name] = values);
    return { seen, setFocalPoint: keep('focus'), setPosition: keep('position'), setViewUp: keep('up') };
  };

  it.each([
    ['A', { left: 'R', right: 'L', top: 'S', bottom: 'I' }],
    ['P', { left: 'L', right: 'R', top: 'S', bottom: 'I' }],
    ['L', { left: 'A', right: 'P', top: 'S', bottom: 'I' }],
    ['R', { left: 'P', right: 'A', top: 'S', bottom: 'I' }],
    ['S', { left: 'L', right: 'R', top: 'A', bottom: 'P' }],
    ['I', { left: 'R', right: 'L', top: 'A', bottom: 'P' }],
  ])('from %s the edges read %o', (/** @type {any} */ side, letters) => {
    const view = camera();
    lookFrom(view, grid, side);
    const direction = view.seen.focus.map((x, n) => (x - view.seen.position[n]) / 600);
    expect(edgeLetters(direction, view.seen.up)).toEqual(letters);
    expect(Object.keys(SIDES)).toContain(side);
  });
});

describe('the clipping box', () => {
  it('has no planes while it holds everything', () => {
    expect(boxPlanes(grid, WHOLE)).toEqual([]);
  });

  it('cuts between voxels, inwards', () => {
    const [plane, other] = boxPlanes(grid, [[0, 1], [0, 1], [0.5, 0.9]]);
    expect(plane).toEqual({ origin: [0, 0, 29], normal: [0, 0, 1], axis: 2, towards: -1 });
    expect(other.origin[2]).toBeCloseTo(53);
    expect(other.normal[2]).toBe(-1);
    expect(other.towards).toBe(1);
  });
});

describe('the mask that colours the CT', () => {
  it('counts a single label from one half on, because it is interpolated', () => {
    const { member, single } = maskTables({ 1: [1, 0.7, 0.2] });
    expect(single).toBe(true);
    expect([0, 0.3, 0.7, 1].map((x) => member.getValue(x))).toEqual([0, 0, 1, 1]);
  });

  it('leaves out labels that are not shown', () => {
    const { member, colour } = maskTables({ 20: [1, 0, 0], 22: [0, 1, 0] });
    expect([1, 19, 20, 21, 22].map((x) => member.getValue(x))).toEqual([0, 0, 1, 0, 1]);
    const rgb = [];
    colour.getColor(22, rgb);
    expect(rgb.map(Math.round)).toEqual([0, 1, 0]);
  });
});
