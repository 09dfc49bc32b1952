// @vitest-environment happy-dom
import { nextTick } from 'vue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCrosshair } from '../../../src/core/crosshair.js';
import { frameOf } from '../../../src/core/patient-frame.js';
import { Editing } from '../../../src/edit/index.js';
import { forget } from '../../../src/data/fetch.js';
import CorrectTools from '../../../src/page/tools/edit/CorrectTools.vue';
import { chosenTab } from '../../../src/page/tabs.js';
import { byTestId, mountInSession, texts } from '../mounted.js';

const identity = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
/** @type {any} */
const grid = { shape: [20, 20, 20], spacing_mm: [1, 1, 1], origin_mm: [0, 0, 0], direction: identity };
const mask = { id: 'v', kind: 'vertebrae', map: 'vertebrae', base: '/api/v1/masks/v', title: 'Vertebrae', labels: [] };
const labels = [['T12', 19], ['L1', 20]].map(([name, number]) => ({ name, number, rgb: [1, 2, 3] }));
const record = { id: 'v', kind: 'vertebrae', url: '/v.bin', labels: [19, 20], indexed_mesh_urls: {} };

/**
 * A server whose answers by "METHOD address" are given; it remembers what was asked.
 * @param {Record<string, [number, any]>} answers
 */
function serve(answers) {
  const asked = [];
  vi.stubGlobal('fetch', vi.fn(async (url, { method = 'GET', body } = {}) => {
    const key = `${method} ${url.replace(/drafts\/[0-9a-f]+/, 'drafts/D')}`;
    asked.push([key, body]);
    const [status, answer] = answers[key] ?? answers[key.split('?')[0]] ?? [404, { error: { message: key } }];
    return new Response(answer instanceof Uint8Array ? new Uint8Array(answer) : JSON.stringify(answer), { status });
  }));
  return asked;
}
const volume = new Uint8Array(8000);
volume.fill(20, 8 + 20 * (8 + 20 * 8), 12 + 20 * (8 + 20 * 8));
/** @type {Record<string, [number, any]>} */
const good = {
  'GET /api/v1/masks/v/drafts': [200, { drafts: [], labels }],
  'GET /api/v1/masks/v/versions': [200, { versions: [] }],
  'GET /v.bin': [200, volume],
  'PATCH /api/v1/masks/v/drafts/D': [200, { id: 'd', records: 1, newest: 'v' }],
  'POST /api/v1/masks/v/drafts/D/version': [201, { id: 'w' }],
  'GET /display.json': [200, { masks: [] }],
};

function viewerOf() {
  const frame = frameOf(grid);
  const crosshair = createCrosshair(grid);
  const panels = /** @type {any} */ (Object.fromEntries(['axial', 'coronal', 'sagittal'].map((plane, n) => [
    plane,
    { plane, axis: 2 - n, watch: () => () => {}, toScreen: ([x, y]) => [x, y], toWorld: ([x, y]) => [x, y, 9] },
  ])));
  const hosts = Object.fromEntries(Object.keys(panels).map((plane) => [plane, document.createElement('div')]));
  const masks = { edit: vi.fn(), edited: vi.fn(), surfacesChanged: vi.fn() };
  const editing = new Editing({ hosts, panels, grid, frame, values: new Int16Array(8000), crosshair, masks });
  return { editing, crosshair, recordOf: () => record, refresh: vi.fn(), masks };
}
const until = async (fact) => {
  for (let n = 0; n < 200 && !fact(); n += 1) await new Promise((done) => setTimeout(done, 20));
  expect(fact()).toBeTruthy();
};

beforeEach(() => forget('/v.bin'));
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

/** An edit that has begun. */
async function begun(answers = good, at = [0, 0, 0]) {
  const asked = serve(answers);
  chosenTab.value = 'correct';
  const viewer = viewerOf();
  viewer.crosshair.moveToWorld(at);
  const state = { masks: [mask], colours: {}, shown: ['v'], problem: '', display_url: '/display.json' };
  const mounted = mountInSession(CorrectTools, state, { viewer });
  await byTestId(mounted.wrapper, 'edit-start').trigger('click');
  await until(() => byTestId(mounted.wrapper, 'edit-panel').exists());
  return { ...mounted, asked, viewer };
}
/** The same, with a dab painted. */
async function painted(answers = good) {
  const { viewer, ...mounted } = await begun(answers);
  const layer = viewer.editing.strokeIn('axial');
  layer.begin([5, 5], /** @type {PointerEvent} */ ({ buttons: 1, pointerType: 'mouse' }));
  layer.end([5, 5]);
  await nextTick();
  return { ...mounted, viewer };
}
const figure = (wrapper) => Number(byTestId(wrapper, 'edit-volume').text().split(' ')[0]);

describe('a correction that begins', () => {
  it('begins with the vertebra that the crosshair is on', async () => {
    const both = new Uint8Array(volume);
    both.fill(19, 0, 4);
    const chosen = async (/** @type {number[]} */ at) => {
      forget('/v.bin');
      const { wrapper } = await begun({ ...good, 'GET /v.bin': [200, both] }, at);
      return /** @type {HTMLSelectElement} */ (byTestId(wrapper, 'edit-label').element).value;
    };
    expect(await chosen([9, 8, 8])).toBe('20');
    expect(await chosen([18, 18, 18])).toBe('19'); // on none: the first one
  });

  it('names what has no number in the language of the page', async () => {
    const sacrum = { name: 'sacrum', number: 26, rgb: [1, 2, 3] };
    const drafts = [200, { drafts: [], labels: [...labels, sacrum] }];
    const english = texts.sacrum;
    texts.sacrum = '骶骨';
    const { wrapper } = await begun({ ...good, 'GET /api/v1/masks/v/drafts': /** @type {any} */ (drafts) });
    texts.sacrum = english;
    const names = byTestId(wrapper, 'edit-label').findAll('option').map((option) => option.text().split(' ')[0]);
    expect(names).toEqual(['T12', 'L1', '骶骨']);
  });
});

describe('correcting in the side bar', () => {
  it('saves no version of what was not changed, and says why', async () => {
    const { wrapper } = await begun();
    expect(byTestId(wrapper, 'edit-save').attributes('disabled')).toBeDefined();
    expect(byTestId(wrapper, 'edit-nothing').text()).toBe('Nothing has been changed yet.');
  });

  it('paints, undoes, keeps the changed blocks, and saves a version that is then shown', async () => {
    const { wrapper, viewer, asked, state } = await painted();
    const after = figure(wrapper);
    expect(after).toBeGreaterThan(0.05);
    expect(byTestId(wrapper, 'edit-nothing').exists()).toBe(false);
    expect(byTestId(wrapper, 'edit-save').attributes('disabled')).toBeUndefined();
    expect(viewer.masks.edited).toHaveBeenCalled();
    await byTestId(wrapper, 'edit-undo').trigger('click');
    expect(figure(wrapper)).toBeLessThan(after);
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'y', ctrlKey: true }));
    await nextTick();
    expect(figure(wrapper)).toBe(after);
    await until(() => byTestId(wrapper, 'edit-saving').attributes('data-state') === 'saved');
    expect(asked.filter(([key]) => key.startsWith('PATCH'))).toHaveLength(1);
    await byTestId(wrapper, 'edit-save').trigger('click');
    await until(() => asked.some(([key]) => key.startsWith('POST')));
    state.masks = [{ ...mask, id: 'w', base: '/api/v1/masks/w' }];
    await until(() => viewer.editing.current === null && chosenTab.value === 'result');
    expect(state.shown).toEqual(['w']);
    expect(viewer.refresh).toHaveBeenCalledOnce();
  });

  it('says so where somebody saved a newer version, and lets the reader choose', async () => {
    const late = { error: { code: 'mask_changed', message: 'Somebody saved a newer version.', hint: '' } };
    const { wrapper, asked } = await painted({
      ...good,
      'PATCH /api/v1/masks/v/drafts/D': [200, { id: 'd', records: 1, newest: 'v' }],
      'POST /api/v1/masks/v/drafts/D/version': [409, late],
    });
    await byTestId(wrapper, 'edit-save').trigger('click');
    await until(() => byTestId(wrapper, 'edit-conflict').exists());
    await byTestId(wrapper, 'edit-with-theirs').trigger('click');
    await until(() => asked.filter(([key]) => key.startsWith('POST')).length === 2);
    expect(JSON.parse(asked.at(-1)[1]).keep).toBe('with_theirs');
  });

  it('goes on trying while the server is away, and says where the same draft is edited elsewhere', async () => {
    const away = await painted({ ...good, 'PATCH /api/v1/masks/v/drafts/D': [503, {}] });
    await until(() => byTestId(away.wrapper, 'edit-saving').attributes('data-state') === 'offline');
    away.viewer.editing.stop();
    const refused = { error: { code: 'draft_changed', message: 'In another window.', hint: '' } };
    const { wrapper, state } = await painted({ ...good, 'PATCH /api/v1/masks/v/drafts/D': [409, refused] });
    await until(() => byTestId(wrapper, 'edit-saving').attributes('data-state') === 'elsewhere');
    expect(state.problem).toContain('another window');
    expect(byTestId(wrapper, 'edit-save').attributes('disabled')).toBeDefined();
  });

  it('has tools for several labels only where there are several, and splits between two taps', async () => {
    const { wrapper, viewer } = await painted();
    for (const tool of ['boundary', 'seeds', 'plane', 'look'])
      expect(byTestId(wrapper, `edit-tool-${tool}`).exists()).toBe(true);
    await byTestId(wrapper, 'edit-tool-look').trigger('click');
    expect(viewer.editing.strokeIn('axial')).toBe(null);
    await byTestId(wrapper, 'edit-tool-seeds').trigger('click');
    expect(byTestId(wrapper, 'edit-becomes').exists()).toBe(true);
  });
});
