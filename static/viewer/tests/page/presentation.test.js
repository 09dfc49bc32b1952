// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import PresentationBar from '../../src/page/present/PresentationBar.vue';
import { BEGINS_ANEW_AFTER_MS, RESUMES_AFTER_MS } from '../../src/page/present/turning.js';
import { byTestId, mountInSession } from './mounted.js';

const FRAME_MS = 16;

/** @type {any} */
const FAKED = ['requestAnimationFrame', 'cancelAnimationFrame', 'performance', 'setTimeout'];
beforeEach(() => vi.useFakeTimers({ toFake: FAKED }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

/** A study that is presented. @param {boolean} isCalm whether the visitor's device asks for little motion */
function presented(isCalm = false) {
  vi.stubGlobal('matchMedia', () => ({ matches: isCalm }));
  let turned = 0;
  const panel = {
    turn: (/** @type {number} */ degrees) => (turned += degrees),
    draw: vi.fn(),
    reset: vi.fn(),
    setMoving: vi.fn(),
  };
  const onEnd = vi.fn();
  const state = { study_name: 'Case 7', masks: [{}], mask_style_3d: 'bone' };
  const mounted = mountInSession(PresentationBar, state, { panel, onEnd });
  return { ...mounted, panel, onEnd, turned: () => turned };
}

describe('a study that is presented', () => {
  it('turns by itself, stands while it is touched, and turns again', () => {
    const { panel, turned } = presented();
    vi.advanceTimersByTime(1000);
    expect(turned()).toBeGreaterThan(10);
    expect(turned()).toBeLessThan(25);
    expect(panel.setMoving).toHaveBeenLastCalledWith(true);
    window.dispatchEvent(new Event('pointerdown'));
    expect(panel.setMoving).toHaveBeenLastCalledWith(false);
    const before = turned();
    vi.advanceTimersByTime(RESUMES_AFTER_MS - 10 * FRAME_MS);
    expect(turned()).toBe(before);
    vi.advanceTimersByTime(20 * FRAME_MS);
    expect(turned()).toBeGreaterThan(before);
  });

  it('is found by the next visitor as it was', async () => {
    const { panel, wrapper, state } = presented();
    await byTestId(wrapper, 'present-colour').trigger('pointerdown');
    await byTestId(wrapper, 'present-colour').trigger('click');
    expect(state.mask_style_3d).toBe('colour');
    vi.advanceTimersByTime(BEGINS_ANEW_AFTER_MS - 10 * FRAME_MS);
    expect(panel.reset).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20 * FRAME_MS);
    expect(panel.reset).toHaveBeenCalledOnce();
    expect(state.mask_style_3d).toBe('bone');
    vi.advanceTimersByTime(2 * BEGINS_ANEW_AFTER_MS);
    expect(panel.reset).toHaveBeenCalledOnce();
  });

  it('does not turn where little motion is wanted, and a mouse that passes by changes nothing', () => {
    const { panel, turned } = presented(true);
    window.dispatchEvent(new Event('pointermove'));
    vi.advanceTimersByTime(2 * BEGINS_ANEW_AFTER_MS);
    expect(turned()).toBe(0);
    expect(panel.reset).not.toHaveBeenCalled();
  });

  it('ends by its button and by Escape, and nothing turns after that', async () => {
    const { wrapper, onEnd, turned } = presented();
    await byTestId(wrapper, 'present-end').trigger('click');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(onEnd).toHaveBeenCalledTimes(2);
    /** @type {any} */ (wrapper.vm.$.appContext.app).unmount();
    await nextTick();
    const before = turned();
    vi.advanceTimersByTime(RESUMES_AFTER_MS + 1000);
    expect(turned()).toBe(before);
  });
});
