import { effectScope, isReactive, watchEffect, nextTick } from 'vue';
import { describe, expect, it, vi } from 'vitest';
import { connectSession } from '../../src/page/session.js';

/** trame's client, as far as the page uses it. */
function createTrame(values) {
  const listeners = new Set();
  const tell = (...keys) => listeners.forEach((listener) => listener({ type: 'dirty-state', keys }));
  return {
    listeners,
    trigger: vi.fn(),
    push(changes) {
      Object.assign(values, changes);
      tell(...Object.keys(changes));
    },
    state: {
      state: values,
      get: (key) => values[key],
      set: vi.fn((key, value) => {
        values[key] = value;
        tell(key);
      }),
      addListener: (listener) => listeners.add(listener),
      removeListener: (listener) => listeners.delete(listener),
    },
  };
}

describe('the session of a page', () => {
  it('draws again what the server pushes, and sends what a user sets', async () => {
    const trame = createTrame({ layout: 'four', texts: { view: 'View' } });
    const scope = effectScope();
    const { state, texts, trigger } = scope.run(() => connectSession(trame));
    const seen = [];
    scope.run(() => watchEffect(() => seen.push(state.layout)));
    trame.push({ layout: 'compare' });
    await nextTick();
    state.layout = 'blink';
    await nextTick();
    expect(seen).toEqual(['four', 'compare', 'blink']);
    expect(trame.state.set.mock.calls).toEqual([['layout', 'blink']]);
    expect(texts.view).toBe('View');
    trigger('send', ['mask', 'archive']);
    expect(trame.trigger).toHaveBeenCalledWith('send', ['mask', 'archive']);
  });

  it('hands lists on as they came, so that what is sent is plain', () => {
    const trame = createTrame({ masks: [{ id: 'a' }], texts: {} });
    const { state } = effectScope().run(() => connectSession(trame));
    expect(isReactive(state.masks)).toBe(false);
  });

  it('stops listening with its page', () => {
    const trame = createTrame({ texts: {} });
    const scope = effectScope();
    scope.run(() => connectSession(trame));
    scope.stop();
    expect(trame.listeners.size).toBe(0);
  });
});
