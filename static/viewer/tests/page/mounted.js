/** Components of the page on their own: mounted with a state that a test made, in place of the server's. */
import { mount } from '@vue/test-utils';
import { defineComponent, h, reactive } from 'vue';
import { vi } from 'vitest';
import words from '../../../i18n/en.json';
import { mayIn, provideSession } from '../../src/page/session.js';

const shortKey = (key) => key.replace(/^viewer\./, '').replace(/^js\./, '');

const known = Object.fromEntries(Object.entries(words).map(([key, text]) => [shortKey(key), text]));
const isMissing = (key) => typeof key === 'string' && !key.startsWith('__v') && !(key in known) && !key.endsWith('_');

/** English words by the keys that the page knows them by; a word that is missing fails the test. */
export const texts = new Proxy(known, {
  get(target, key) {
    if (isMissing(key)) throw new Error(`there is no text called ${String(key)}`);
    return target[key];
  },
});

/**
 * Mount `component` in a session.
 *
 * @param {object} component
 * @param {object} state what the component reads of the page's state
 * @param {object} props
 * @returns {{wrapper: object, state: object, trigger: object}} `trigger` is a mock
 */
export function mountInSession(component, state = {}, props = {}) {
  document.documentElement.lang = 'en'; // as the server writes it
  const mirror = reactive(state);
  const session = { state: mirror, trigger: vi.fn(), texts, may: mayIn(mirror) };
  const parent = defineComponent({
    setup() {
      provideSession(session);
      return () => h(component, props);
    },
  });
  const wrapper = mount(parent, { attachTo: document.body }).findComponent(component);
  return { wrapper, state: session.state, trigger: session.trigger };
}

/** Finds what carries a `data-testid`. */
export const byTestId = (wrapper, testid) => wrapper.find(`[data-testid="${testid}"]`);
