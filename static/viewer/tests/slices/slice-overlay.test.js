import { describe, expect, it } from 'vitest';
import { lineColours } from '../../src/slices/slice-overlay.js';

describe('the overlay', () => {
  it('colours a line by the plane whose slice it marks', () => {
    expect(lineColours('axial')).toEqual({ vertical: 'sagittal', horizontal: 'coronal' });
    expect(lineColours('sagittal')).toEqual({ vertical: 'coronal', horizontal: 'axial' });
  });
});
