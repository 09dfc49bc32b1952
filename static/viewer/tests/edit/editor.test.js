import { describe, expect, it } from 'vitest';
import { frameOf } from '../../src/core/patient-frame.js';
import { indexToWorld } from '../../src/core/geometry.js';
import { Editor } from '../../src/edit/editor.js';
import { LabelVolume } from '../../src/edit/label-volume.js';
import { bodiesOf, deflated, inflated, joinBlocks, separateBlocks } from '../../src/edit/blocks.js';

const LABELS = [
  { number: 19, name: 'T12', rgb: [1, 2, 3] },
  { number: 20, name: 'L1', rgb: [4, 5, 6] },
  { number: 21, name: 'L2', rgb: [7, 8, 9] },
];
const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
const shape = [40, 36, 30];
const alongAxes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const turned = [[c, -s, 0], [s, c, 0], [0, 0, 1]];
const tilted = [[1, 0, 0], [0, 1, 0.3], [0, 0, Math.sqrt(0.91)]];
const GRIDS = {
  aligned: { shape, spacing_mm: [1, 1, 2], origin_mm: [-20, 5, 100], direction: alongAxes },
  oblique: { shape, spacing_mm: [0.8, 1.2, 2], origin_mm: [3, -7, 40], direction: turned },
  sheared: { shape, spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: tilted },
};
/** HU rise along i, so that a threshold cuts at a known place. */
const densities = ([ni, nj, nk]) => {
  const hu = new Int16Array(ni * nj * nk);
  for (let n = 0; n < hu.length; n += 1) hu[n] = 10 * (n % ni);
  return hu;
};
const empty = { first: [20, 18, 15], shape: [1, 1, 1], values: new Uint8Array(1) };
function editorOn(name, start = empty) {
  const grid = GRIDS[name];
  const editor = new Editor({ grid, frame: frameOf(grid), hu: densities(grid.shape) }, start, LABELS);
  editor.choose({ label: 20, radius: 6, over: 'all' });
  return editor;
}
/** All voxels of a label, by a plain walk of the grid. */
function voxelsOf(editor, label) {
  const found = [];
  const [ni, nj, nk] = editor.volume.whole.shape;
  for (let k = 0; k < nk; k += 1)
    for (let j = 0; j < nj; j += 1)
      for (let i = 0; i < ni; i += 1) if (editor.volume.label([i, j, k]) === label) found.push([i, j, k]);
  return found;
}
const at = (editor, index) => indexToWorld(editor.volume.whole, index);
function dab(editor, index, { plane = 'axial', to = index, radius = editor.settings.radius, erases = false } = {}) {
  const axis = { axial: 2, coronal: 1, sagittal: 0 }[plane];
  const { origin_mm: origin, spacing_mm: spacing } = frameOf(editor.volume.whole);
  const slice = (at(editor, index)[axis] - origin[axis]) / spacing[axis];
  editor.begin({ plane, slice }, at(editor, index), erases);
  editor.extend(at(editor, index), radius);
  editor.extend(at(editor, to), radius);
  return editor.end();
}
/** Box of a label with a value in it, for a start. */
function block(first, size, label) {
  return { first, shape: size, values: new Uint8Array(size[0] * size[1] * size[2]).fill(label) };
}

describe.each(Object.keys(GRIDS))('a ball on a grid that is %s', (name) => {
  it('takes the voxels within its radius and no other', () => {
    const editor = editorOn(name);
    editor.choose({ ball: true });
    expect(dab(editor, [20, 18, 15])).toBe(true);
    const middle = at(editor, [20, 18, 15]);
    const [ni, nj, nk] = editor.volume.whole.shape;
    let wrong = 0;
    for (let k = 0; k < nk; k += 1)
      for (let j = 0; j < nj; j += 1)
        for (let i = 0; i < ni; i += 1) {
          const mm = Math.hypot(...at(editor, [i, j, k]).map((value, n) => value - middle[n]));
          const isIn = editor.volume.label([i, j, k]) === 20;
          if (Math.abs(mm - 6) > 1e-6 && mm < 6 !== isIn) wrong += 1;
        }
    expect(wrong).toBe(0);
    const ml = editor.volumeOf(20);
    expect(ml).toBeGreaterThan(0.85 * (4 / 3) * Math.PI * 0.216);
    expect(ml).toBeLessThan(1.15 * (4 / 3) * Math.PI * 0.216);
  });

  it.each([['axial', 15], ['coronal', 15], ['sagittal', 15], ['axial', 15.5]])(
    'a disc in the %s plane through slice %f leaves no hole in its picture',
    (plane, k) => {
      const editor = editorOn(name);
      dab(editor, [20, 18, k], { plane });
      const axis = { axial: 2, coronal: 1, sagittal: 0 }[plane];
      const middle = at(editor, [20, 18, k]);
      const [u, v] = [0, 1, 2].filter((n) => n !== axis);
      // Places of the plane, finer than the voxels, against the nearest voxel.
      let holes = 0;
      for (let x = -4; x <= 4; x += 0.25)
        for (let y = -4; y <= 4; y += 0.25) {
          const place = [...middle];
          [place[u], place[v]] = [middle[u] + x, middle[v] + y];
          if (Math.hypot(x, y) <= 4 && editor.labelAt(place) !== 20) holes += 1;
        }
      expect(holes).toBe(0);
      // Nothing that its plane does not pass through.
      const { spacing_mm: spacing, direction } = editor.volume.whole;
      const half = [0, 1, 2].reduce((sum, n) => sum + Math.abs(direction[axis][n]) * spacing[n], 0) / 2;
      const far = voxelsOf(editor, 20).map((index) => Math.abs(at(editor, index)[axis] - middle[axis]));
      expect(Math.max(...far)).toBeLessThanOrEqual(half * (1 + 1e-6));
    },
  );
});

describe.each(Object.keys(GRIDS))('strokes on a grid that is %s', (name) => {
  it('draws a quick stroke without gaps', () => {
    const editor = editorOn(name);
    editor.choose({ ball: true, radius: 2 });
    dab(editor, [8, 18, 15], { to: [32, 18, 15] });
    for (let i = 8; i <= 32; i += 1) expect(editor.volume.label([i, 18, 15])).toBe(20);
  });

  it.skipIf(name === 'sheared')('fills between two slices', () => {
    const editor = editorOn(name);
    editor.choose({ radius: 5 });
    dab(editor, [20, 18, 8]);
    editor.choose({ radius: 7 });
    dab(editor, [20, 18, 20]);
    expect(editor.fillable('axial')).toBe(2);
    expect(editor.fill('axial')).toBe(true);
    const frame = frameOf(editor.volume.whole);
    const areas = [8, 11, 14, 17, 20].map(
      (k) => voxelsOf(editor, 20).filter(([, , z]) => z === k).length * frame.spacing_mm[0] * frame.spacing_mm[1],
    );
    areas.forEach((area, n) => expect(Math.sqrt(area / Math.PI)).toBeCloseTo(5 + n / 2, 0));
    expect(editor.fillable('axial')).toBe(0);
  });
});

describe('what may change', () => {
  it('is limited by HU', () => {
    const editor = editorOn('aligned');
    editor.choose({ ball: true, hu: [150, 230] });
    dab(editor, [20, 18, 15]);
    const columns = voxelsOf(editor, 20).map(([i]) => i);
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([15, 23]);
  });

  it('is limited to what is free, to one label, or to the two at a border', () => {
    const editor = editorOn('aligned', block([10, 10, 10], [10, 10, 10], 19));
    editor.choose({ ball: true, over: 'free' });
    dab(editor, [20, 15, 15]);
    expect(voxelsOf(editor, 19)).toHaveLength(1000);
    const free = voxelsOf(editor, 20).length;
    editor.choose({ over: 19 });
    dab(editor, [19, 15, 15]);
    const [own, all] = [voxelsOf(editor, 19).length, voxelsOf(editor, 20).length];
    expect(all - free).toBe(1000 - own);
    expect(own).toBeLessThan(1000);
    editor.choose({ tool: 'boundary' });
    dab(editor, [24, 15, 15], { to: [10, 15, 15], radius: 2 }); // from L1 into T12
    expect(voxelsOf(editor, 19).length).toBeLessThan(own);
    expect(voxelsOf(editor, 19).length + voxelsOf(editor, 20).length).toBe(own + all);
    editor.choose({ tool: 'eraser', over: 'free', label: 20 });
    dab(editor, [19, 15, 15], { radius: 3 });
    expect(voxelsOf(editor, 20).length).toBeLessThan(own + all - voxelsOf(editor, 19).length);
  });
});

describe('undo', () => {
  it('takes back 60 strokes and does them again, beyond the box that the mask filled', () => {
    const editor = editorOn('oblique', block([18, 16, 13], [4, 4, 4], 19));
    const states = [editor.volume.box.values.reduce((sum, value) => sum + value, 0)];
    for (let n = 0; n < 60; n += 1) {
      dab(editor, [(7 * n) % 40, (5 * n) % 36, (11 * n) % 30], { radius: 2 + (n % 3), erases: n % 4 === 3 });
      states.push(editor.volume.box.values.reduce((sum, value) => sum + value, 0));
    }
    const sum = () => editor.volume.box.values.reduce((total, value) => total + value, 0);
    for (let n = editor.steps.undo; n > 0; n -= 1) expect(editor.undo()).toBe(true);
    expect(sum()).toBe(states[0]);
    expect(editor.volumeOf(19)).toBeCloseTo(64 * 0.8 * 1.2 * 2 / 1000);
    while (editor.redo());
    expect(sum()).toBe(states.at(-1));
    editor.undo();
    dab(editor, [1, 1, 1]);
    expect(editor.redo()).toBe(false);
  });

  it('forgets a stroke that was none', () => {
    const editor = editorOn('aligned');
    editor.begin({ plane: 'axial', slice: 15 }, at(editor, [20, 18, 15]));
    editor.extend(at(editor, [20, 18, 15]), 5);
    editor.cancel();
    expect(voxelsOf(editor, 20)).toHaveLength(0);
    expect(editor.steps).toEqual({ undo: 0, redo: 0 });
  });
});

describe('a label as a whole', () => {
  it('grows and shrinks by a voxel', () => {
    const editor = editorOn('aligned', block([10, 10, 10], [4, 4, 4], 20));
    editor.resize(1);
    expect(voxelsOf(editor, 20)).toHaveLength(64 + 6 * 16);
    editor.resize(-1);
    expect(voxelsOf(editor, 20)).toHaveLength(64);
    editor.resize(-1);
    expect(voxelsOf(editor, 20)).toHaveLength(8);
  });

  it('loses a spike and a pit by smoothing, and little of its volume', () => {
    const editor = editorOn('aligned', block([10, 10, 10], [12, 12, 8], 20));
    editor.choose({ ball: true });
    dab(editor, [16, 16, 20], { radius: 0.4 });
    dab(editor, [16, 16, 17], { radius: 0.4, erases: true });
    const before = voxelsOf(editor, 20).length;
    editor.smooth();
    expect(editor.volume.label([16, 16, 20])).toBe(0);
    expect(editor.volume.label([16, 16, 17])).toBe(20);
    expect(Math.abs(voxelsOf(editor, 20).length - before)).toBeLessThan(before / 8);
  });

  it('loses the island that was tapped, and only that', () => {
    const editor = editorOn('aligned', block([10, 10, 10], [4, 4, 4], 20));
    editor.choose({ ball: true });
    dab(editor, [30, 30, 20], { radius: 2.5 });
    expect(editor.removeIsland(at(editor, [30, 30, 20]))).toBe(true);
    expect(voxelsOf(editor, 20)).toHaveLength(64);
    expect(editor.removeIsland(at(editor, [5, 5, 5]))).toBe(false);
  });

  it('is split by two seeds at the narrow place, and the upper part gets the upper name', () => {
    const editor = editorOn('aligned', block([10, 10, 4], [8, 8, 8], 20));
    const upper = block([10, 10, 14], [8, 8, 8], 20);
    editor.restore([upper, block([13, 13, 12], [2, 2, 2], 20)]);
    expect(editor.freeNextTo(20)).toBe(19);
    expect(editor.splitBySeeds(at(editor, [14, 14, 6]), at(editor, [14, 14, 19]), 19)).toBe(true);
    expect(voxelsOf(editor, 19).every(([, , k]) => k >= 12)).toBe(true);
    expect(voxelsOf(editor, 19).length).toBeGreaterThanOrEqual(512);
    expect(voxelsOf(editor, 20).length).toBeGreaterThanOrEqual(512);
    editor.undo();
    editor.splitBySeeds(at(editor, [14, 14, 6]), at(editor, [14, 14, 19]), 21); // L2 lies below L1
    expect(voxelsOf(editor, 21).every(([, , k]) => k < 14)).toBe(true);
  });

  it('does not reach around the scan at its faces when it is split', () => {
    const editor = editorOn('aligned', block([38, 10, 10], [2, 4, 4], 20));
    editor.restore([block([0, 11, 10], [2, 4, 4], 20)]);
    editor.splitBySeeds(at(editor, [38, 10, 10]), at(editor, [39, 13, 13]), 21);
    expect(voxelsOf(editor, 21).every(([i]) => i >= 38)).toBe(true);
  });

  it('is split by a plane, and put together again', () => {
    const editor = editorOn('oblique', block([10, 10, 5], [10, 10, 20], 20));
    const [from, to] = [at(editor, [5, 15, 14.5]), at(editor, [30, 15, 14.5])];
    expect(editor.splitByPlane('coronal', from, to, 20, 21)).toBe(true);
    expect(voxelsOf(editor, 21)).toHaveLength(1000);
    expect(voxelsOf(editor, 21).every(([, , k]) => k <= 14)).toBe(true);
    editor.merge(21);
    expect(voxelsOf(editor, 20)).toHaveLength(2000);
    expect(editor.present().map(({ name }) => name)).toEqual(['L1']);
  });
});

describe('what is stored', () => {
  it('is the changed blocks, which make the same labels again', async () => {
    const editor = editorOn('oblique', block([10, 10, 5], [10, 10, 20], 20));
    expect(editor.volume.hasUnsaved).toBe(false);
    editor.choose({ ball: true });
    dab(editor, [33, 33, 3]);
    editor.smooth();
    const taken = editor.volume.takeUnsaved(1000);
    expect(editor.volume.hasUnsaved).toBe(false);
    const body = await deflated(joinBlocks(taken));
    const answer = new Uint8Array(4 + body.length);
    new DataView(answer.buffer).setUint32(0, body.length, true);
    answer.set(body, 4);
    const [again] = bodiesOf(answer.buffer);
    const other = new LabelVolume(editor.volume.whole, block([10, 10, 5], [10, 10, 20], 20));
    separateBlocks(await inflated(again)).forEach((each) => other.put(each));
    expect(voxelsOf({ volume: other }, 20)).toEqual(voxelsOf(editor, 20));
    editor.volume.giveBack(taken);
    expect(editor.volume.hasUnsaved).toBe(true);
  });
});
