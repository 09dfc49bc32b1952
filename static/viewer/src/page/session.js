/** What the page shares with its session on the server: state, triggers and words. */
import { inject, onScopeDispose, provide, shallowReactive } from 'vue';

const SESSION = Symbol('session');

/**
 * @typedef {object} Trame what trame's client provides to all components
 * @property {{state: object, get: Function, set: Function, addListener: Function, removeListener: Function}} state
 * @property {(name: string, args: any[]) => Promise<any>} trigger
 */

/**
 * @typedef {object} Session
 * @property {Record<string, any>} state see docs/viewer.md; setting a value sends it to the server
 * @property {(name: string, args?: any[]) => void} trigger call what Python registered under `name`
 * @property {Record<string, string>} texts words of the page by key
 * @property {(right: string) => boolean} may whether whoever looks has a right, see webapp/accounts/rights.py
 */

/**
 * The session of trame's client, as a reactive object.
 *
 * @param {Trame} trame
 * @returns {Session}
 */
export function connectSession(trame) {
  /** @type {Record<string, any>} */
  const mirror = shallowReactive({ ...trame.state.state });
  /** @param {{type: string, keys: string[]}} change */
  const follow = ({ type, keys }) => {
    if (type === 'dirty-state') keys.forEach((key) => (mirror[key] = trame.state.get(key)));
  };
  trame.state.addListener(follow);
  onScopeDispose(() => trame.state.removeListener(follow));
  const state = new Proxy(mirror, {
    set(_, key, value) {
      trame.state.set(key, value);
      return true;
    },
  });
  return { state, trigger: (name, args = []) => trame.trigger(name, args), texts: mirror.texts, may: mayIn(state) };
}

/** @param {Record<string, any>} state */
export const mayIn = (state) => (/** @type {string} */ right) => !state.rights || state.rights.includes(right);

/**
 * Hand `session` to all components inside this one.
 *
 * @param {Session} session
 */
export function provideSession(session) {
  provide(SESSION, session);
  return session;
}

/** @returns {Session} */
export const useSession = () => /** @type {Session} */ (inject(SESSION));

/** The page's language as the server's addresses name it: its zh is zh-CN in a document. */
export const language = () => document.documentElement.lang.split('-')[0];
