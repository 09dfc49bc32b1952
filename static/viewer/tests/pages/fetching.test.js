// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, byId, openPage, serve, shown } from './open-page.js';

const transfer = (more) => ({
  id: 't1',
  state: 'fetching',
  images: 1,
  images_expected: 4,
  received_bytes: 2048,
  url: null,
  error: null,
  ...more,
});
const URL_OF_IT = 'GET /api/v1/transfers/t1';

describe('a series on its way from an archive', () => {
  let follow;
  let row;
  beforeEach(async () => {
    vi.useFakeTimers();
    openPage('pacs.html');
    ({ follow } = await import('../../../js/fetching.js'));
    row = byId('found-one-series').content.firstElementChild.cloneNode(true);
    document.body.append(row);
  });
  afterEach(() => vi.useRealTimers());
  const part = (name) => row.querySelector(`[data-part=${name}]`);

  it('shows how much has come, and offers the study once it is there', async () => {
    serve({ [URL_OF_IT]: transfer({ state: 'done', images: 4, url: '/studies/s1' }) });
    const end = follow(row, transfer());
    expect(row.querySelector('progress').value).toBe(0.25);
    expect([shown(part('cancel')), shown(part('open'))]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(500);
    await end;
    expect([shown(part('cancel')), shown(part('open')), shown(part('fetch'))]).toEqual([false, true, false]);
    expect(part('open').getAttribute('href')).toBe('/studies/s1');
  });

  it('asks again while the server is away', async () => {
    const replies = [
      () => Promise.reject(new TypeError('away')),
      () => answer({}, 503),
      () => answer(transfer({ state: 'done' })),
    ];
    serve({ [URL_OF_IT]: () => replies.shift()() });
    const end = follow(row, transfer());
    await vi.advanceTimersByTimeAsync(500 + 2 * 1000);
    await end;
    expect(part('state').dataset.state).toBe('done');
  });

  it('has failed where the server has forgotten it, and may be fetched again', async () => {
    serve({ [URL_OF_IT]: () => answer({}, 404) });
    const end = follow(row, transfer());
    await vi.advanceTimersByTimeAsync(500);
    await end;
    expect([part('state').dataset.state, shown(part('fetch')), shown(byId('upload-error'))]).toEqual([
      'failed',
      true,
      true,
    ]);
  });

  it('says why it failed', async () => {
    await follow(row, transfer({ state: 'failed', error: { code: 'x', message: 'The archive refused.' } }));
    expect(byId('upload-error-message').textContent).toBe('The archive refused.');
  });

  it('is stopped by its button', () => {
    const fetch = serve({});
    follow(row, transfer());
    part('cancel').click();
    expect(fetch.mock.calls[0]).toEqual(['/api/v1/transfers/t1', { method: 'DELETE' }]);
  });
});
