// @vitest-environment happy-dom
import { nextTick } from 'vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDrawn } from '../../../../src/measure/drawn/model.js';
import MeasuresPanel from '../../../../src/page/tools/measures/MeasuresPanel.vue';
import { byTestId, mountInSession } from '../../mounted.js';

const mask = { id: 'v', kind: 'vertebrae', map: 'vertebrae', base: '/api/v1/masks/v', labels: [] };
const HEIGHT = 'vertebra/L1/anterior_height_mm';
const COBB = 'curve/T12-L3/cobb_deg';
const line = [[0, 0, 0], [0, 0, 24]];
const known = (value) => ({ value, uncertainty: 0.3 });
const NAMES = [
  'volume_ml', 'anterior_height_mm', 'middle_height_mm', 'posterior_height_mm', 'wedge_ratio', 'biconcave_ratio',
  'crush_ratio', 'body_width_mm', 'body_depth_mm', 'trabecular_mean_hu', 'trabecular_sd_hu', 'axial_rotation_deg',
  'coronal_tilt_deg', 'sagittal_tilt_deg', 'canal_area_mm2', 'canal_width_mm', 'canal_depth_mm',
  'left_pedicle_width_mm', 'left_pedicle_height_mm', 'right_pedicle_width_mm', 'right_pedicle_height_mm',
];
const values = Object.fromEntries(NAMES.map((name) => [name, known(24)]));

function answer(edits = []) {
  const height = edits.length ? { value: 20, edited_by: 'reader', automatic: 24 } : known(24);
  return {
    state: 'done', progress: 1, error: null, edits, csv_url: '/x.csv', report_url: '/api/v1/masks/v/report.pdf',
    drawings: {
      [HEIGHT]: { plane: 'sagittal', lines_mm: [line], guides_mm: [], formula: 'distance' },
      [COBB]: { plane: 'coronal', lines_mm: [line, line], guides_mm: [], formula: 'cobb' },
    },
    measures: {
      vertebrae: [
        {
          name: 'L1', state: 'partial', reasons: ['canal_open'], genant_grade: 0, deformity: 'none',
          confidence: 'medium', confidence_reasons: ['small'],
          values: { ...values, anterior_height_mm: height, canal_area_mm2: { value: null, reason: 'canal_open' } },
        },
        { name: 'L2', state: 'not_measured', reasons: ['cut'], genant_grade: null, deformity: null, confidence: null,
          values: Object.fromEntries(NAMES.map((name) => [name, { value: null, reason: 'cut' }])) },
      ],
      discs: [],
      coronal_curves: [
        { upper_end: 'T12', lower_end: 'L3', apex: 'L1', convexity: 'left', scoliosis: true,
          values: { cobb_deg: known(23.4), apex_shift_mm: known(9) } },
      ],
      sagittal_angles: [
        { name: 'sacral_slope', upper: 'S1 superior', lower: 'transverse plane',
          values: { angle_deg: { value: null, reason: 'level_missing' } } },
      ],
    },
  };
}

const settled = async () => {
  await new Promise((done) => setTimeout(done));
  await nextTick();
};

/** Mounted, with a server that knows changes. */
function mounted(props = {}, state = {}) {
  const asked = [];
  let edits = [];
  vi.stubGlobal('fetch', vi.fn(async (url, { method, body } = {}) => {
    asked.push([method, url, body && JSON.parse(body)]);
    const own = '/api/v1/masks/v/measures/edits/e';
    if (method === 'POST') edits = [{ ...JSON.parse(body), author: 'reader', url: own }];
    if (method === 'DELETE') edits = [];
    return method === 'DELETE'
      ? new Response(null, { status: 204 })
      : new Response(JSON.stringify(method === 'POST' ? edits[0] : answer(edits)), { status: 200 });
  }));
  const automatic = { drawn: createDrawn(), lookAt: vi.fn() };
  const session = { problem: '', dicom_kinds: [], ...state };
  const given = { viewer: { automatic }, mask, ...props };
  return { asked, viewer: automatic, ...mountInSession(MeasuresPanel, session, given) };
}
const row = (wrapper, key) => byTestId(wrapper, `measure-row-${key}`);

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('the measures of the vertebrae', () => {
  it('say values with their uncertainty, and why there is none', async () => {
    const { wrapper } = mounted();
    await settled();
    expect(row(wrapper, COBB).text()).toContain('Cobb T12–L3');
    expect(row(wrapper, COBB).text()).toContain('23.4 ± 0.3°');
    expect(row(wrapper, COBB).text()).toContain('apex L1, convex to the left, scoliosis');
    expect(row(wrapper, HEIGHT).text()).toContain('24.0 ± 0.3 mm');
    expect(row(wrapper, 'vertebra/L1/canal_area_mm2').text()).toContain('canal not closed');
    expect(byTestId(wrapper, 'measures-L1').text()).toContain('medium confidence');
    expect(byTestId(wrapper, 'measures-L2').text()).toContain('cut by the border of the scan');
    expect(row(wrapper, 'angle/S1 superior to transverse plane/sacral_slope_deg').text()).toContain('not in view');
  });

  it('are drawn where they were taken, once pressed, and taken off by a second press', async () => {
    const { wrapper, viewer } = mounted();
    await settled();
    await row(wrapper, HEIGHT).trigger('click');
    expect(viewer.drawn.shown).toMatchObject({ target: HEIGHT, plane: 'sagittal', lines: [line], canEdit: true });
    expect(viewer.lookAt).toHaveBeenCalledOnce();
    await row(wrapper, HEIGHT).trigger('click');
    expect(viewer.drawn.shown).toBeNull();
  });

  it('change with their line, say by whom, and go back', async () => {
    const { wrapper, viewer, asked } = mounted();
    await settled();
    await row(wrapper, HEIGHT).trigger('click');
    viewer.drawn.keep(); // nothing was moved
    viewer.drawn.move(0, 1, [0, 0, 20]);
    viewer.drawn.keep();
    await settled();
    await settled();
    const moved = [[0, 0, 0], [0, 0, 20]];
    expect(asked.filter(([method]) => method === 'POST')).toEqual([
      ['POST', '/api/v1/masks/v/measures/edits', { target: HEIGHT, lines_mm: [moved] }],
    ]);
    expect(row(wrapper, HEIGHT).text()).toContain('20.0 mm ✎');
    expect(row(wrapper, HEIGHT).text()).toContain('changed by a reader, automatic: 24.0 mm');
    expect(viewer.drawn.shown.lines).toEqual([moved]);
    await byTestId(wrapper, 'measure-reset').trigger('click');
    await settled();
    await settled();
    expect(row(wrapper, HEIGHT).text()).toContain('24.0 ± 0.3 mm');
    expect(viewer.drawn.shown.lines).toEqual([line]);
  });
});

describe('changes of an earlier version', () => {
  it('that were not taken over are named', async () => {
    const dropped = [HEIGHT, COBB, 'angle/S1 superior to transverse plane/sacral_slope_deg', 'disc/L4-L5/slip_mm'];
    vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify({ ...answer(), dropped_edits: dropped }))));
    const viewer = { automatic: { drawn: createDrawn(), lookAt: vi.fn() } };
    const { wrapper } = mountInSession(MeasuresPanel, { problem: '', dicom_kinds: [] }, { viewer, mask });
    await settled();
    expect(byTestId(wrapper, 'measures-dropped').text()).toMatch(
      /: L1 Anterior height, Cobb T12–L3, Sacral slope, L4-L5 Slip/,
    );
  });
});

describe('the measures of the vertebrae, to some', () => {
  it('cannot be changed, nor taken home, without the right', async () => {
    const { wrapper, viewer } = mounted({}, { rights: ['look'] });
    await settled();
    await row(wrapper, HEIGHT).trigger('click');
    expect(viewer.drawn.shown.canEdit).toBe(false);
    expect(byTestId(wrapper, 'measures-report').exists()).toBe(false);
  });

  it('of a reference are measured only when somebody asks', async () => {
    const { wrapper, asked } = mounted({ mask: { ...mask, kind: 'reference' } });
    await settled();
    expect(asked).toEqual([]);
    await byTestId(wrapper, 'measures-start').trigger('click');
    await settled();
    expect(asked).toEqual([['GET', '/api/v1/masks/v/measures', undefined]]);
    expect(byTestId(wrapper, 'measures-report').attributes('href')).toBe('/api/v1/masks/v/report.pdf?lang=en');
  });
});
