// @vitest-environment happy-dom
import { nextTick } from 'vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import LevelTools from '../../../src/page/tools/levels/LevelTools.vue';
import { LEVELS } from '../../../src/page/tools/levels/levels.js';
import { byTestId, mountInSession } from '../mounted.js';

const mask = {
  id: 'v', kind: 'vertebrae', map: 'vertebrae', base: '/api/v1/masks/v', title: 'Vertebrae',
  labels: [[19, 'T12'], [20, 'L1'], [26, 'sacrum']].map(([number, name]) => ({ number, name, volume: '', hu: '' })),
  sequence: { sure: false, reason: 'No rib is in view.', others: ['T11, T12'] },
};

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

/** Mounted, with what was asked of the server. */
function mounted(status = 201, answer = {}) {
  const asked = [];
  vi.stubGlobal('fetch', vi.fn(async (url, { body }) => {
    asked.push([url, JSON.parse(body)]);
    return new Response(JSON.stringify(answer), { status });
  }));
  return { asked, ...mountInSession(LevelTools, { problem: '' }, { mask }) };
}
const settled = () => new Promise((done) => setTimeout(done));

describe('the levels', () => {
  it('are numbered as in VerSe, from C1 to L6', () => {
    expect([LEVELS[1], LEVELS[8], LEVELS[19], LEVELS[20], LEVELS[25], LEVELS[28]]).toEqual([
      'C1', 'T1', 'T12', 'L1', 'L6', 'T13',
    ]);
    expect(LEVELS[26]).toBeUndefined();
  });

  it('say in plain words that they are a guess', () => {
    const { wrapper } = mounted();
    const text = byTestId(wrapper, 'levels-unsure').text();
    expect(text).toBe('The levels are a guess. No rib is in view. Also likely: T11–T12.');
  });

  it('move by one in one tap', async () => {
    const { wrapper, asked } = mounted();
    await byTestId(wrapper, 'levels-up').trigger('click');
    expect(asked).toEqual([['/api/v1/masks/v/levels', { shift: -1 }]]);
  });

  it('change for one vertebra, once it was asked whether the others follow', async () => {
    const { wrapper, asked } = mounted();
    await byTestId(wrapper, 'levels-rename').setValue('20');
    expect(byTestId(wrapper, 'levels-follow').element.disabled).toBe(true); // it has that name already
    await byTestId(wrapper, 'levels-to').setValue('21');
    await byTestId(wrapper, 'levels-follow').trigger('click');
    expect(asked).toEqual([['/api/v1/masks/v/levels', { label: 20, to: 21, follow: true }]]);
    await settled();
    expect(byTestId(wrapper, 'levels-to').exists()).toBe(false);
  });

  it('stay where the server says no, with its words', async () => {
    const { wrapper, state } = mounted(409, { error: { message: 'Somebody changed this mask meanwhile.' } });
    await byTestId(wrapper, 'levels-down').trigger('click');
    await settled();
    await nextTick();
    expect(state.problem).toBe('Somebody changed this mask meanwhile.');
  });
});
