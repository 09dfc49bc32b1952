import { describe, expect, it } from 'vitest';
import { decodeView, encodeView } from '../../src/data/view-state.js';
import { stateOf, viewOf } from '../../src/page/page-view.js';

const masks = (...ids) => ids.map((id) => ({ id, kind: { m: 'model', r: 'reference' }[id[0]], labels: [] }));
const plain = {
  masks: masks('m1', 'r1'),
  shown: ['m1'],
  hidden: {},
  label_opacity: {},
  colours: { m1: { 1: [255, 176, 59] }, r1: { 1: [122, 162, 255] } },
  layout: 'four',
  plane: 'sagittal',
  level: [500, 2000],
  mask_style: 'both',
  opacity: 30,
  slab_mm: 0,
  slab_mode: 'max',
  volume_preset: 'bone',
  mask_style_3d: 'surface',
  clip: [[0, 1], [0, 1], [0, 1]],
  crosshair_shown: true,
  names_shown: true,
};
const changed = {
  ...plain,
  shown: ['r1'],
  hidden: { m1: [20, 21] },
  label_opacity: { r1: { 1: 40 } },
  colours: { m1: { 1: [255, 0, 0] }, r1: plain.colours.r1 },
  layout: 'curtain',
  mask_style: 'outline',
  opacity: 75,
  slab_mm: 10,
  slab_mode: 'mean',
  volume_preset: 'metal',
  mask_style_3d: 'colour',
  clip: [[0, 1], [0.2, 1], [0, 0.5]],
  crosshair_shown: false,
  names_shown: false,
};

describe('a link', () => {
  it('brings back all that was chosen, on a page that is as it opens', () => {
    const link = encodeView(viewOf(changed, plain.colours));
    expect(link).toMatch(/^[A-Za-z0-9_=&.,-]*$/);
    expect({ ...plain, ...stateOf(decodeView(link), plain, plain.colours) }).toEqual(changed);
  });

  it('takes back what a page chose that it opens in', () => {
    const link = encodeView(viewOf(plain, plain.colours));
    const found = { ...changed, ...stateOf(decodeView(link), { ...changed, level: plain.level }, plain.colours) };
    expect({ ...found, slab_mode: 'max' }).toEqual(plain);
  });

  it('means the masks of a kind, whatever their ids', () => {
    const link = encodeView(viewOf(changed, plain.colours));
    const { shown, hidden } = stateOf(decodeView(link), { ...plain, masks: masks('m2', 'r2') }, {});
    expect(shown).toEqual(['r2']);
    expect(hidden).toEqual({ m2: [20, 21] });
  });

  it('of an older version changes what it names alone', () => {
    expect({ ...changed, ...stateOf(decodeView('at=1,2,3&layout=four'), changed, {}) }).toEqual({
      ...changed,
      layout: 'four',
    });
  });

  it('names no colours that nobody chose', () => {
    expect(encodeView(viewOf(plain, plain.colours))).not.toContain('colours');
  });
});
