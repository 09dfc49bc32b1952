// @vitest-environment happy-dom
import { nextTick } from 'vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import ChoiceGroup from '../../../src/page/tools/ChoiceGroup.vue';
import ClipBox from '../../../src/page/tools/ClipBox.vue';
import DownloadTools from '../../../src/page/tools/DownloadTools.vue';
import JobTools from '../../../src/page/tools/JobTools.vue';
import LabelList from '../../../src/page/tools/LabelList.vue';
import MeasureTools from '../../../src/page/tools/MeasureTools.vue';
import ReviewTools from '../../../src/page/tools/ReviewTools.vue';
import TransferEditor from '../../../src/page/tools/TransferEditor.vue';
import ViewTools from '../../../src/page/tools/ViewTools.vue';
import { createMeasurements } from '../../../src/measure/measurements.js';
import { chosenTab } from '../../../src/page/tabs.js';
import { byTestId, mountInSession } from '../mounted.js';

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

const job = { id: '', state: '', active: false, percent: 0, stage: '', elapsed: '', eta: '', log: [], error: null };

describe('a choice', () => {
  it('presses the button of the value that is chosen, and chooses by a press', async () => {
    const { wrapper, state } = mountInSession(
      ChoiceGroup,
      { mask_style: 'filled' },
      { name: 'mask_style', values: ['filled', 'outline'] },
    );
    const pressed = () => wrapper.findAll('button').map((node) => node.attributes('aria-pressed'));
    expect(pressed()).toEqual(['true', 'false']);
    await byTestId(wrapper, 'mask-style-outline').trigger('click');
    expect(state.mask_style).toBe('outline');
    expect(pressed()).toEqual(['false', 'true']);
  });
});

describe('the tools of a segmentation', () => {
  it('segment, and segment again where there is a result', async () => {
    const { wrapper, state, trigger } = mountInSession(JobTools, { job, masks: [], gone: false, problem: '' });
    expect(byTestId(wrapper, 'segment-button').text()).toBe('Segment');
    await byTestId(wrapper, 'segment-button').trigger('click');
    expect(trigger).toHaveBeenCalledWith('segment');
    state.masks = [{ kind: 'model' }];
    await nextTick();
    expect(byTestId(wrapper, 'segment-button').text()).toBe('Segment again');
    expect(byTestId(wrapper, 'segment-button').classes()).not.toContain('sv-primary');
  });

  it('say what comes after a result, and bring it up', async () => {
    const ready = { job, masks: [], gone: false, problem: '' };
    const { wrapper, state } = mountInSession(JobTools, ready);
    expect(byTestId(wrapper, 'next-steps').exists()).toBe(false);
    state.masks = [{ kind: 'model' }];
    await nextTick();
    expect(byTestId(wrapper, 'next-steps').findAll('button').map((node) => node.text())).toEqual([
      'Review', 'Measure', 'Download',
    ]);
    await byTestId(wrapper, 'next-measure').trigger('click');
    expect(chosenTab.value).toBe('measure');
  });

  it('are not there for whoever may only look', () => {
    const { wrapper } = mountInSession(JobTools, { job, masks: [], gone: false, problem: '', rights: ['look'] });
    expect(byTestId(wrapper, 'segment-button').exists()).toBe(false);
  });

  it('show progress and cancel while a job runs, and what went wrong', async () => {
    const running = { ...job, id: 'j', active: true, percent: 40, stage: 'Locating', eta: 'about 0:10 left' };
    const { wrapper, state, trigger } = mountInSession(JobTools, { job: running, masks: [], gone: false, problem: '' });
    expect(byTestId(wrapper, 'segment-button').exists()).toBe(false);
    expect(byTestId(wrapper, 'job-progress').attributes('value')).toBe('40');
    await byTestId(wrapper, 'cancel-button').trigger('click');
    expect(trigger).toHaveBeenCalledWith('cancel');
    state.job = { ...job, error: { message: 'No memory.', hint: 'Close a program.' } };
    await nextTick();
    expect(wrapper.get('[role="alert"]').text()).toContain('No memory.Close a program.');
    state.gone = true;
    await nextTick();
    expect(wrapper.get('[role="alert"]').text()).toBe('This study was deleted.');
    expect(byTestId(wrapper, 'segment-button').element.disabled).toBe(true);
  });
});

describe('the list of labels', () => {
  const mask = {
    id: 'a', kind: 'reference', title: 'Reference',
    labels: [
      { number: 20, name: 'L1', volume: '1.0 ml', hu: '300 HU' },
      { number: 21, name: 'L2', volume: '', hu: '' },
    ],
  };
  const colours = { a: { 20: [1, 2, 3], 21: [4, 5, 6] } };
  const choices = () => ({ hidden: {}, colours, label_opacity: {}, zoom_to: null });

  it('changes what is chosen of its own mask only', async () => {
    const { wrapper, state } = mountInSession(LabelList, { ...choices(), hidden: { b: [1] } }, { mask });
    const row = byTestId(wrapper, 'label-reference-20');
    await row.get('input[type="checkbox"]').setValue(false);
    expect(state.hidden).toEqual({ a: [20], b: [1] });
    await row.get('input[type="color"]').setValue('#0a0b0c');
    expect(state.colours.a).toEqual({ 20: [10, 11, 12], 21: [4, 5, 6] });
    await byTestId(wrapper, 'label-opacity-reference').get('input[type="range"]').setValue('35');
    expect(state.label_opacity).toEqual({ a: { 20: 35 } });
  });

  it('zooms to a label that has voxels', async () => {
    const { wrapper, state } = mountInSession(LabelList, choices(), { mask });
    await byTestId(wrapper, 'label-reference-20').get('[data-act="zoom"]').trigger('click');
    expect(state.zoom_to).toEqual({ mask: 'a', label: 20 });
    expect(byTestId(wrapper, 'label-reference-21').find('[data-act="zoom"]').exists()).toBe(false);
  });
});

describe('downloads', () => {
  it('offer DICOM where the study came as DICOM, and send to an archive', async () => {
    const mask = { id: 'm', base: '/api/v1/masks/m', download: '/api/v1/masks/m.nii.gz' };
    const state = {
      pacs: ['clinic'], sending: { text: '', busy: false, failed: false }, gone: false,
      mesh_axes: 'lps', mesh_formats: ['stl'], dicom_kinds: ['seg'],
    };
    const { wrapper, trigger, state: shared } = mountInSession(DownloadTools, state, { mask });
    expect(byTestId(wrapper, 'download-seg').attributes('href')).toBe('/api/v1/masks/m/seg.dcm');
    expect(byTestId(wrapper, 'download-stl').attributes('href')).toBe('/api/v1/masks/m/surface.stl?axes=lps');
    expect(byTestId(wrapper, 'send-button').text()).toBe('Send to clinic');
    await byTestId(wrapper, 'send-button').trigger('click');
    expect(trigger).toHaveBeenCalledWith('send', ['m', 'clinic']);
    shared.dicom_kinds = [];
    await nextTick();
    expect(byTestId(wrapper, 'download-seg').exists()).toBe(false);
  });
});

describe('the tools of the view', () => {
  const state = () => ({
    layout: 'four', plane: 'axial', tool: 'crosshair', level: [500, 2000], slab_mm: 0, slab_mode: 'max',
    resets: 2, masks: [],
  });

  it('compare masks only where there are two, and choose a plane only where one is compared', async () => {
    const { wrapper, state: shared } = mountInSession(ViewTools, state());
    expect(byTestId(wrapper, 'layout-masks').exists()).toBe(false);
    expect(byTestId(wrapper, 'plane-axial').exists()).toBe(false);
    shared.masks = [{ kind: 'model' }, { kind: 'reference' }];
    shared.layout = 'curtain';
    await nextTick();
    expect(byTestId(wrapper, 'plane-axial').exists()).toBe(true);
    await byTestId(wrapper, 'layout-masks').trigger('click');
    expect(shared.layout).toBe('masks');
  });

  it('choose a window, and count resets', async () => {
    const { wrapper, state: shared } = mountInSession(ViewTools, state());
    await byTestId(wrapper, 'window-lung').trigger('click');
    expect(shared.level).toEqual([-600, 1500]);
    expect(byTestId(wrapper, 'window-lung').attributes('aria-pressed')).toBe('true');
    expect(byTestId(wrapper, 'window-level').text()).toMatch(/^WL -600\s+WW 1500$/);
    await byTestId(wrapper, 'reset-view').trigger('click');
    expect(shared.resets).toBe(3);
  });
});

describe('the clipping box', () => {
  it('lets a face push the one opposite', async () => {
    const { wrapper, state } = mountInSession(ClipBox, { clip: [[0, 1], [0, 1], [0, 1]] });
    await byTestId(wrapper, 'clip-ap-1').setValue('30');
    await byTestId(wrapper, 'clip-ap-0').setValue('60');
    expect(state.clip).toEqual([[0, 1], [0.6, 0.62], [0, 1]]);
    expect(byTestId(wrapper, 'clip-ap-1').element.value).toBe('62');
    await byTestId(wrapper, 'clip-reset').trigger('click');
    expect(state.clip).toEqual([[0, 1], [0, 1], [0, 1]]);
  });
});

describe('the editor of transfer functions', () => {
  const opacities = [[0, 0], [500, 0.5], [1000, 1]];
  const transfer = { colours: [[0, 0, 0, 0], [1000, 1, 1, 1]], opacities, shade: true };
  const values = new Int16Array([0, 10, 500, 500]);

  it('moves and removes points by keys', async () => {
    const onChange = vi.fn();
    const { wrapper } = mountInSession(TransferEditor, {}, { transfer, values, onChange });
    const point = wrapper.findAll('.sv-tf-dot')[1];
    await point.trigger('keydown', { key: 'ArrowRight' });
    await point.trigger('keydown', { key: 'ArrowUp' });
    await point.trigger('keydown', { key: 'Delete' });
    const changes = onChange.mock.calls.map(([next]) => next.opacities);
    expect(changes).toEqual([
      [[0, 0], [510, 0.5], [1000, 1]],
      [[0, 0], [500, 0.52], [1000, 1]],
      [[0, 0], [1000, 1]],
    ]);
  });

  it('shows the colour of the point that has the focus, and changes that one', async () => {
    const onChange = vi.fn();
    const { wrapper } = mountInSession(TransferEditor, {}, { transfer, values, onChange });
    await wrapper.findAll('.sv-tf-stop')[1].trigger('focus');
    expect(byTestId(wrapper, 'transfer-colour').element.value).toBe('#ffffff');
    await byTestId(wrapper, 'transfer-colour').setValue('#ff0000');
    expect(onChange.mock.lastCall[0].colours).toEqual([[0, 0, 0, 0], [1000, 1, 0, 0]]);
  });

  it('is empty where the CT is not drawn', () => {
    const { wrapper } = mountInSession(TransferEditor, {}, { transfer: null, values });
    expect(byTestId(wrapper, 'transfer-editor').element.childElementCount).toBe(0);
  });
});

const answer = (status, body) => ({ ok: status < 400, status, json: async () => body });
const settled = async () => {
  for (let n = 0; n < 5; n += 1) await new Promise((done) => setTimeout(done));
};

describe('the list of measurements', () => {
  it('follows what is drawn, and names and removes it', async () => {
    vi.stubGlobal('fetch', vi.fn(async (url, { method }) => answer(200, method === 'POST' ? { url: '/m/1' } : {})));
    const model = createMeasurements('/measurements', { step: 1, huAt: () => 0 }, () => {});
    const show = vi.fn();
    const { wrapper } = mountInSession(MeasureTools, {}, { model, show });
    await byTestId(wrapper, 'measure-distance').trigger('click');
    expect(byTestId(wrapper, 'measure-distance').attributes('aria-pressed')).toBe('true');
    model.add('distance', 'axial', [[0, 0, 0], [3, 4, 0]]);
    await settled();
    expect(byTestId(wrapper, 'measurement-value').text()).toBe('5.0 mm');
    expect(byTestId(wrapper, 'measure-distance').attributes('aria-pressed')).toBe('false');
    await wrapper.get('input[type="text"]').setValue('  canal ');
    await wrapper.get('input[type="text"]').trigger('change');
    expect(JSON.parse(String(vi.mocked(fetch).mock.calls.at(-1)[1].body)).label).toBe('canal');
    await byTestId(wrapper, 'measurement-value').trigger('click');
    expect(show).toHaveBeenCalledWith(model.items[0]);
    await byTestId(wrapper, 'measurement-delete').trigger('click');
    await settled();
    expect(wrapper.findAll('li')).toHaveLength(0);
  });
});

/** A place for reviews, and one of them. */
const viewer = { grid: { reviews_url: '/reviews' }, crosshair: { world: [1, 2, 3] }, resultId: () => 'm' };
const review = {
  url: '/reviews/1', verdict: 'accepted', comment: 'ok', at_mm: [1, 2, 3], view: 'at=1,2,3',
  created_at: '2026-11-27T07:00:00Z',
};

describe('reviews', () => {
  it('are given at the crosshair and listed, and lead back to what was seen', async () => {
    const given = [];
    const onShow = vi.fn();
    vi.stubGlobal('fetch', vi.fn(async (url, { method, body }) => {
      if (method === 'POST') given.push({ ...review, ...JSON.parse(body) });
      return answer(200, { reviews: given });
    }));
    const { wrapper } = mountInSession(ReviewTools, {}, { viewer, viewText: () => 'at=1,2,3', onShow });
    await settled();
    await byTestId(wrapper, 'review-comment').setValue('Looks right');
    await byTestId(wrapper, 'review-needs_work').trigger('click');
    await settled();
    expect(given[0]).toMatchObject({ verdict: 'needs_work', comment: 'Looks right', at_mm: [1, 2, 3], mask_id: 'm' });
    expect(byTestId(wrapper, 'review-comment').element.value).toBe('');
    await byTestId(wrapper, 'review-go').trigger('click');
    expect(onShow).toHaveBeenCalledWith(given[0].view);
  });

  it('are removed only once that was asked and confirmed', async () => {
    const asked = vi.fn(async (/** @type {any[]} */ ...request) => answer(200, { reviews: request && [review] }));
    vi.stubGlobal('fetch', asked);
    const { wrapper } = mountInSession(ReviewTools, {}, { viewer, viewText: () => '' });
    const removals = () => asked.mock.calls.filter(([, { method }]) => method === 'DELETE');
    await settled();
    await byTestId(wrapper, 'review-delete').trigger('click');
    await byTestId(wrapper, 'review-delete-keep').trigger('click');
    expect(byTestId(wrapper, 'review-delete-confirm').exists()).toBe(false);
    await byTestId(wrapper, 'review-delete').trigger('click');
    expect(removals()).toHaveLength(0);
    await byTestId(wrapper, 'review-delete-confirm').trigger('click');
    expect(removals().map(([url]) => url)).toEqual(['/reviews/1']);
  });

  it('say what the server said where they cannot be stored', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => answer(507, { error: { message: 'The disk is full.' } })));
    const onFailed = vi.fn();
    mountInSession(ReviewTools, {}, { viewer, viewText: () => '', onFailed });
    await settled();
    expect(onFailed.mock.lastCall[0].message).toBe('The disk is full.');
  });
});

describe('threads of reviews', () => {
  it('are answered, resolved and opened again, by people with names', async () => {
    const thread = { ...review, author: 'Dr Li', state: 'open', resolved_by: null, removable: false, replies: [] };
    const asked = [];
    vi.stubGlobal('fetch', vi.fn(async (url, { method, body }) => {
      if (method !== 'GET') asked.push([method, url, JSON.parse(body)]);
      if (method === 'POST') thread.replies.push({ ...review, ...JSON.parse(body), author: '10.0.0.7' });
      if (method === 'PATCH') Object.assign(thread, JSON.parse(body), { resolved_by: 'Dr Wang' });
      return answer(200, { reviews: [{ ...thread }] });
    }));
    const { wrapper } = mountInSession(ReviewTools, {}, { viewer, viewText: () => '' });
    await settled();
    expect(byTestId(wrapper, 'review-author').text()).toBe('Dr Li');
    expect(byTestId(wrapper, 'review-delete').exists()).toBe(false); // somebody else's
    expect(byTestId(wrapper, 'review-reply-send').element.disabled).toBe(true);
    await byTestId(wrapper, 'review-reply').setValue('Mended');
    await byTestId(wrapper, 'review-reply-send').trigger('click');
    await settled();
    expect(byTestId(wrapper, 'review-replies').text()).toMatch(/a reader · .*Mended/);
    await byTestId(wrapper, 'review-settle').trigger('click');
    await settled();
    expect(byTestId(wrapper, 'review-resolved').text()).toBe('Resolved by Dr Wang');
    await byTestId(wrapper, 'review-settle').trigger('click');
    await settled();
    expect(asked).toEqual([
      ['POST', '/reviews/1/replies', { comment: 'Mended' }],
      ['PATCH', '/reviews/1', { state: 'resolved' }],
      ['PATCH', '/reviews/1', { state: 'open' }],
    ]);
  });

  it('are only read by whoever may not review', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => answer(200, { reviews: [review] })));
    const { wrapper } = mountInSession(ReviewTools, { rights: ['look'] }, { viewer, viewText: () => '' });
    await settled();
    expect(byTestId(wrapper, 'review-go').exists()).toBe(true);
    ['review-comment', 'review-accepted', 'review-delete', 'review-reply', 'review-settle'].forEach((name) =>
      expect(byTestId(wrapper, name).exists(), name).toBe(false),
    );
  });
});
