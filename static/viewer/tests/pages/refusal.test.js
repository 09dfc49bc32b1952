// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, byId, openPage, serve, shown } from './open-page.js';

describe('a refusal', () => {
  let refusal;
  let api;
  beforeEach(async () => {
    openPage('home.html');
    api = await import('../../../js/api.js');
    refusal = await import('../../../js/refusal.js');
  });
  const text = (part) => byId(`upload-error-${part}`).textContent;

  it('says what and why, and goes when it is closed', () => {
    refusal.show({ code: 'too_large', message: 'It is large.', hint: 'Crop it.' });
    expect(shown(byId('upload-error'))).toBe(true);
    expect([text('message'), text('hint')]).toEqual(['It is large.', 'Crop it.']);
    byId('upload-error-close').click();
    expect(shown(byId('upload-error'))).toBe(false);
  });

  it('has a title for a code that the page does not know, and no hint where there is none', () => {
    refusal.show({ code: 'brand_new', message: 'No.' });
    expect(text('title')).not.toBe('');
    expect(text('title')).not.toContain('brand_new');
    expect(text('hint')).toBe('');
  });

  it('is what the server answered, or that it did not answer', async () => {
    serve({ 'POST /x': () => answer({ error: { code: 'bad_request', message: 'Why.', hint: 'What.' } }, 400) });
    const refused = await api.request('/x', 'POST', { a: 1 }).catch((error) => error);
    expect([refused.status, refused.code, refused.message, refused.hint]).toEqual([
      400,
      'bad_request',
      'Why.',
      'What.',
    ]);
    const away = await api.request('/away').catch((error) => error);
    expect([away.status, away.code]).toEqual([0, 'network']);
    refusal.showError(away);
    expect(text('message')).toBe(away.message);
  });

  it('does not come of an answer without a body', async () => {
    const fetch = serve({ 'DELETE /x': () => answer(null, 204) });
    expect(await api.request('/x', 'DELETE')).toBeNull();
    expect(fetch.mock.calls[0][1].body).toBeUndefined();
  });
});
