// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, byId, openPage, serve, settle, shown } from './open-page.js';

const series = (key, more = {}) => ({
  key,
  proposed: false,
  problem: null,
  description: key,
  number: 2,
  modality: 'CT',
  images: 3,
  spacing_mm: [0.5, 0.5, 2],
  kernel: '',
  thumbnail_url: null,
  reasons: [],
  notes: [],
  ...more,
});
const upload = (...all) => ({ id: 'u1', keep_identity: false, notes: [], series: all });
const MAKE = 'POST /api/v1/imports/u1/studies';

describe('the choice of a series', () => {
  let choose;
  const made = vi.fn();
  beforeEach(async () => {
    openPage('home.html');
    made.mockClear();
    ({ choose } = await import('../../../js/series.js'));
  });
  const dialog = () => byId('series-dialog');
  const radios = () => [...byId('series-list').querySelectorAll('input')];
  const submit = () => byId('series-form').dispatchEvent(new Event('submit', { cancelable: true }));

  it('begins with the proposed one and ends with those that cannot be used', () => {
    const broken = series('broken', { problem: { code: 'x', message: 'Too few slices.' } });
    choose(upload(broken, series('other'), series('best', { proposed: true })), made);
    expect(radios().map(({ value }) => value)).toEqual(['best', 'other', 'broken']);
    expect(radios().map(({ checked }) => checked)).toEqual([true, false, false]);
    expect(radios()[2].disabled).toBe(true);
    expect(byId('series-list').textContent).toContain('Too few slices.');
    expect([dialog().open, byId('series-use').disabled]).toEqual([true, false]);
  });

  it('waits for a choice where none is proposed', () => {
    choose(upload(series('a'), series('b')), made);
    expect(byId('series-use').disabled).toBe(true);
    radios()[1].checked = true;
    byId('series-list').dispatchEvent(new Event('change'));
    expect(byId('series-use').disabled).toBe(false);
  });

  it("shows the facts of a series, and the server's words for a note that the page does not know", () => {
    choose(upload(series('a', { notes: [{ code: 'unheard_of', values: {}, message: 'As it came.' }] })), made);
    expect(byId('series-list').textContent).toContain('0.5 × 0.5 × 2 mm');
    expect(byId('series-list').textContent).toContain('As it came.');
  });

  it('makes a study of the chosen one', async () => {
    const fetch = serve({ [MAKE]: { id: 's1' } });
    choose(upload(series('best', { proposed: true })), made);
    submit();
    submit(); // a second press while the first is on its way
    await settle();
    expect(fetch.mock.calls.map(([, { body }]) => body)).toEqual(['{"series":"best"}']);
    expect(made).toHaveBeenCalledWith({ id: 's1' });
    expect(dialog().open).toBe(false);
  });

  it('stays open and says why where the server refuses', async () => {
    serve({ [MAKE]: () => answer({ error: { code: 'x', message: 'Not CT.', hint: 'Choose another.' } }, 400) });
    choose(upload(series('best', { proposed: true })), made);
    submit();
    await settle();
    expect([dialog().open, shown(byId('series-error'))]).toEqual([true, true]);
    expect(byId('series-error').textContent).toContain('Not CT. — Choose another.');
    expect(byId('series-use').disabled).toBe(false);
  });

  it('gives the upload up where it is cancelled', () => {
    const fetch = serve({});
    choose(upload(series('a')), made);
    byId('series-cancel').click();
    expect(fetch.mock.calls[0]).toEqual(['/api/v1/imports/u1', { method: 'DELETE', keepalive: true }]);
    expect(dialog().open).toBe(false);
  });
});
