// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import CheckTools from '../../../../src/page/tools/navigation/CheckTools.vue';
import { byTestId, mountInSession } from '../../mounted.js';

const REGISTRATION = { number: 3, level: 'L4', verdict: 'accepted' };
const DRIFTED = {
  number: 2, registration: 3, place: 'spinous process', error_mm: null, surface_mm: 0.4, moved_mm: 5, state: 'drifted',
  reasons: [{ code: 'moved', message: 'The place lies 5.0 mm from where it was.', hint: 'Register again.' }],
};

/** @param {object} props */
function mounted(props = {}) {
  const collect = vi.fn(async () => [[1, 2, 3], [1, 2, 3.2]]);
  const [made, failed] = [vi.fn(), vi.fn()];
  const all = { base: '/api/v1/studies/s', registration: REGISTRATION, checks: [], isLive: true, collect, ...props };
  const { wrapper } = mountInSession(CheckTools, {}, {
    ...all, crosshair: () => [7, 8, 9], onMade: made, onFailed: failed,
  });
  return { wrapper, collect, made, failed };
}

describe('checking by touch', () => {
  afterEach(() => vi.unstubAllGlobals());
  it('sends what the tip did while it was held, with the place of the crosshair', async () => {
    const fetch = vi.fn(async () => new Response(JSON.stringify(DRIFTED), { status: 201 }));
    vi.stubGlobal('fetch', fetch);
    const { wrapper, collect, made } = mounted();
    await byTestId(wrapper, 'touch-place').setValue(' spinous process ');
    await byTestId(wrapper, 'touch-now').trigger('click');
    await flushPromises();
    expect(collect).toHaveBeenCalledOnce();
    const [address, request] = /** @type {any} */ (fetch.mock.calls[0]);
    expect(String(address)).toContain('/api/v1/studies/s/checks');
    expect(JSON.parse(request.body)).toEqual({
      place: 'spinous process', samples_mm: [[1, 2, 3], [1, 2, 3.2]], landmark_ras_mm: [7, 8, 9], registration: 3,
    });
    expect(made).toHaveBeenCalledWith(DRIFTED);
  });
  it('asks nothing of the server where no pose came, and says what to do', async () => {
    const fetch = vi.fn();
    vi.stubGlobal('fetch', fetch);
    const { wrapper, failed } = mounted({ collect: async () => [] });
    await byTestId(wrapper, 'touch-now').trigger('click');
    await flushPromises();
    expect(fetch).not.toHaveBeenCalled();
    expect(failed.mock.calls[0][0].message).toContain('hold its tip');
  });
  it('shows the checks of the newest registration alone, with state and reason', () => {
    const { wrapper } = mounted({ checks: [DRIFTED, { ...DRIFTED, number: 1, registration: 2 }] });
    const touches = wrapper.findAll('[data-testid="touch"]');
    expect(touches).toHaveLength(1);
    expect(touches[0].attributes('data-state')).toBe('drifted');
    expect(touches[0].text()).toContain('5.0 mm');
    expect(touches[0].text()).toContain('Register again.');
  });
  it('waits until the tool is followed, and there is a registration', () => {
    expect(byTestId(mounted({ isLive: false }).wrapper, 'touch-now').attributes('disabled')).toBeDefined();
    expect(byTestId(mounted({ registration: null }).wrapper, 'touch-now').attributes('disabled')).toBeDefined();
  });
});
