import { describe, expect, it } from 'vitest';
import { decodeView, encodeView } from '../../src/data/view-state.js';

const view = {
  at: [12.5, -4, 88.25],
  level: [40, 400],
  layout: 'compare',
  plane: 'coronal',
  camera: [1, 2, 3, 4, 5, 6, 0, 0, 1],
  axial: [10, -20.5, 0.4],
  shown: ['model', 'vertebrae'],
  style: 'outline',
  opacity: 45,
  hidden: { vertebrae: { 20: '0', 21: '0' } },
  fade: { model: { 1: '50' } },
  colours: { model: { 1: 'ff8800' } },
  slab: [10, 'mean'],
  preset: 'metal',
  style3d: 'colour',
  clip: [0, 1, 0.25, 1, 0, 0.5],
  cross: 'off',
};

describe('the address of a view', () => {
  it('says again what was seen', () => {
    expect(decodeView(`#${encodeView(view)}`)).toEqual(view);
  });

  it('tells that no mask is shown', () => {
    expect(decodeView(encodeView({ shown: [] }))).toEqual({ shown: [] });
  });

  it('can be read by a person', () => {
    expect(encodeView({ at: [1, 2.345, 3], big: '' })).toBe('at=1,2.35,3');
  });

  const bad = [
    '#at=1,2', '#at=1,2,x', '#at=', '#layout=evil', '#level=1,Infinity', '#nothing=1', '', '#', '#opacity=101',
    '#slab=10,x', '#hidden=a.1', '#colours=model.1.red', '#shown=A.b', '#clip=1',
  ];
  it.each(bad)('believes no %s', (hash) => {
    expect(decodeView(hash)).toEqual({});
  });
});
