import { describe, expect, it, vi } from 'vitest';
import { createCrosshair, settled, throttled } from '../src/core/crosshair.js';
import { dragAction, wheelSteps } from '../src/input/gestures.js';
import { coarser, factorsFor, thinned, voxelsFor3d } from '../src/vtk/vtk-image.js';
import { pointNormals, stlCorners, weld } from '../src/volume/mesh.js';
import { lineColours, scaleBar } from '../src/slices/slice-overlay.js';
import { maskPixels } from '../src/slices/canvas-pixels.js';
import { labelTables, outlineTables } from '../src/slices/label-tables.js';

const grid = { shape: [4, 4, 4], spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] };

describe('the crosshair', () => {
  it('tells of a move once, and not of standing still', () => {
    const crosshair = createCrosshair(grid);
    const heard = vi.fn();
    crosshair.onMove(heard);
    expect(crosshair.moveTo([3, 2, 1])).toBe(true);
    expect(crosshair.moveTo([3.2, 2, 0.9])).toBe(false);
    expect(heard.mock.calls).toEqual([[[3, 2, 1], [3, 2, 2]]]); // voxel, and RAS+ mm
  });

  it('stops at the edge', () => {
    const crosshair = createCrosshair(grid);
    crosshair.step(2, 99);
    expect(crosshair.index[2]).toBe(3);
  });

  it('is told to the server seldom, and the last place always', () => {
    vi.useFakeTimers();
    const told = vi.fn();
    const tell = throttled(told, 400);
    [1, 2, 3].forEach((n) => tell(n));
    vi.advanceTimersByTime(400);
    expect(told.mock.calls).toEqual([[3]]);
    vi.useRealTimers();
  });
});

describe('what waits until nobody asks any more', () => {
  it('happens once, and not at all when it was cancelled', () => {
    vi.useFakeTimers();
    const done = vi.fn();
    const ask = settled(done, 100);
    ask();
    vi.advanceTimersByTime(90);
    ask();
    vi.advanceTimersByTime(90);
    expect(done).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(done).toHaveBeenCalledTimes(1);
    ask();
    ask.cancel();
    vi.advanceTimersByTime(1000);
    expect(done).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

describe('gestures', () => {
  const none = { ctrl: false, shift: false };
  it.each([
    [0, none, 'scroll', 'scroll'],
    [2, none, 'crosshair', 'window'],
    [1, none, 'crosshair', 'pan'],
    [0, { ctrl: true, shift: false }, 'crosshair', 'zoom'],
    [0, { ctrl: false, shift: true }, 'crosshair', 'pan'],
  ])('button %i with %o and tool %s: %s', (button, modifiers, tool, action) => {
    expect(dragAction(button, modifiers, tool)).toBe(action);
  });

  it('makes one slice of a mouse notch, and one of 60 px on a trackpad', () => {
    const steps = wheelSteps();
    expect(steps(120, 0)).toBe(1);
    expect([steps(25, 0), steps(25, 0), steps(25, 0)]).toEqual([0, 0, 1]);
  });
});

describe('what is too large for the 3D view', () => {
  const values = Int16Array.from({ length: 64 }, (_, n) => n);

  it('passes unchanged below the limit', () => {
    expect(factorsFor(grid, 64)).toEqual([1, 1, 1]);
    expect(thinned(values, grid.shape, [1, 1, 1])).toBe(values);
  });

  it('loses every second voxel of the finest axis first, and keeps its place in mm', () => {
    const factors = factorsFor(grid, 32);
    expect(factors).toEqual([2, 1, 1]);
    expect(coarser(grid, factors)).toMatchObject({ shape: [2, 4, 4], spacing_mm: [2, 1, 2], origin_mm: [0.5, 0, 0] });
    expect([...thinned(values, grid.shape, factors).slice(0, 4)]).toEqual([0, 2, 4, 6]);
  });

  it('is the less the more of a tablet\'s memory the scan itself takes', () => {
    expect(voxelsFor3d({ shape: [512, 512, 100] }, true)).toBe(48e6);
    expect(voxelsFor3d({ shape: [512, 512, 800] }, true)).toBe(4e6);
    expect(voxelsFor3d({ shape: [512, 512, 400] }, true)).toBeCloseTo((450e6 - 2 * 512 * 512 * 400) / 8);
    expect(voxelsFor3d({ shape: [512, 512, 800] }, false)).toBe(48e6);
  });

  it('has no side longer than the device allows, and keeps a rest at the end', () => {
    expect(factorsFor({ ...grid, shape: [5, 4, 4] }, 1000, 2)).toEqual([3, 2, 2]);
    expect([...thinned(values, [64, 1, 1], [60, 1, 1])]).toEqual([29, 63]);
  });
});

describe('surfaces', () => {
  // Two triangles of one unit square in the plane z = 0.
  const square = Float32Array.from([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0]);

  it('are read as they stand in the file, whichever axes its header names', () => {
    const file = new DataView(new ArrayBuffer(84 + 50));
    [...'SpineView surface in mm. SPACE=RAS'].forEach((letter, n) => file.setUint8(n, letter.charCodeAt(0)));
    file.setUint32(80, 1, true);
    [...square.slice(0, 9)].forEach((x, n) => file.setFloat32(84 + 12 + 4 * n, x, true));
    expect([...stlCorners(file.buffer)]).toEqual([...square.slice(0, 9)]);
  });

  it('weld the corners that triangles share', () => {
    const { points, corner } = weld(square);
    expect(points.length / 3).toBe(4);
    expect([...corner]).toEqual([0, 1, 2, 0, 2, 3]);
  });

  it('have normals that stand on them', () => {
    const { points, corner } = weld(square);
    expect([...pointNormals(points, corner)]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  });
});

describe('the overlay', () => {
  it('colours a line by the plane whose slice it marks', () => {
    expect(lineColours('axial')).toEqual({ vertical: 'sagittal', horizontal: 'coronal' });
    expect(lineColours('sagittal')).toEqual({ vertical: 'coronal', horizontal: 'axial' });
  });

  it('has a round scale bar that fits', () => {
    expect(scaleBar(0.5)).toEqual([20, 40]);
    expect(scaleBar(1)).toEqual([50, 50]);
  });
});

describe('colours of a mask', () => {
  it('give each label its own share of the opacity', () => {
    const two = { 20: [1, 0, 0], 21: [0, 1, 0] };
    const { alpha } = labelTables(two, 0.6, false, { 20: 0.5 });
    expect([20, 21].map((label) => alpha.getValue(label))).toEqual([0.3, 0.6]);
    expect(labelTables({ 1: [1, 0, 0] }, 0.6, true, { 1: 0.5 }).alpha.getValue(1)).toBe(0.3);
    expect(outlineTables(two, 0.6, { 20: 0.5 }).edges.slice(19, 21)).toEqual([0.3, 0.6]);
    const pixels = new Uint32Array(2);
    maskPixels(two, 1, { 20: 0 })([20, 21], pixels);
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
