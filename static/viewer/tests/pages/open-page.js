/** Pages as the server writes them, for tests: the real template in English, without what only Jinja can fill in. */
import { vi } from 'vitest';
import WORDS from '../../../i18n/en.json';

const FOLDER = '../../../../templates';
/** @type {Record<string, string>} */
const TEMPLATES = import.meta.glob('../../../../templates/*.html', { query: '?raw', import: 'default', eager: true });
const CONFIG = {
  rights: ['edit', 'see'],
  lang: 'en',
  words: WORDS,
  suffixes: ['.nii', '.nii.gz'],
  max_upload_bytes: 1024 ** 3,
};

function html(template) {
  return TEMPLATES[`${FOLDER}/${template}`]
    .replace(/{% include "(\S+)" %}/g, (_, name) => html(name))
    .replace(/{{ t\('([\w.]+)'[^}]*}}/g, (_, key) => WORDS[key])
    .replace(/{%[^%]*%}|{{[^}]*}}/g, '')
    .replace(/<link[^>]*>|<script.*<\/script>/g, '');
}

/** Show a page and forget the modules that were loaded for another. */
export function openPage(template, config = {}) {
  vi.resetModules();
  document.body.innerHTML = html(template);
  const script = Object.assign(document.createElement('script'), { id: 'config', type: 'application/json' });
  script.textContent = JSON.stringify({ ...CONFIG, ...config });
  document.body.append(script);
  Element.prototype.scrollIntoView = () => {};
}

/** An answer of the server. */
export const answer = (body, status = 200) =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json' },
  });

/** Answer requests by "METHOD /path"; other requests fail as without network. Returns what was asked. */
export function serve(answers) {
  const fetch = vi.fn(async (url, { method = 'GET' } = {}) => {
    const given = answers[`${method} ${url}`];
    if (!given) throw new TypeError('no network');
    return typeof given === 'function' ? given() : answer(given);
  });
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

/** @returns {any} */
export const byId = (id) => document.getElementById(id);
export const shown = (node) => !node.hidden;
/** Let promises that wait for nothing else settle. */
export const settle = () => new Promise((done) => setTimeout(done));
