// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, byId, openPage, serve, settle, shown } from './open-page.js';

const study = {
  uid: '1.2',
  patient_name: '<b>王</b>',
  patient_id: 'P1',
  description: 'Spine',
  date: '',
  modalities: ['CT', 'SR'],
  images: null,
};
const one = (uid, modality) => ({ uid, number: null, description: '', modality, body_part: 'SPINE', images: 3 });
const SEARCH = 'POST /api/v1/pacs/main%20archive/search';
const SERIES = 'GET /api/v1/pacs/main%20archive/studies/1.2/series';

describe('the search of an archive', () => {
  beforeEach(async () => {
    openPage('pacs.html');
    byId('search').elements.pacs.innerHTML = '<option>main archive</option>';
    await import('../../../js/pacs.js');
  });
  const submit = async () => {
    byId('search').dispatchEvent(new Event('submit', { cancelable: true }));
    await settle();
  };
  /** @returns {any[]} */
  const rows = (selector) => [...document.querySelectorAll(`#found ${selector}`)];

  it('shows what comes from there as text, never as markup', async () => {
    serve({ [SEARCH]: { studies: [study] } });
    await submit();
    const [row] = rows('.found-study');
    expect(row.querySelector('[data-part=patient]').textContent).toBe('<b>王</b>');
    expect(row.querySelector('[data-part=images]').textContent).toBe('');
    expect(byId('search').querySelector('button').disabled).toBe(false);
  });

  it('says that nothing was found', async () => {
    serve({ [SEARCH]: { studies: [] } });
    await submit();
    expect(byId('said').textContent).not.toBe('');
    expect(rows('.found-study')).toEqual([]);
  });

  it('says why an archive did not answer', async () => {
    serve({ [SEARCH]: () => answer({ error: { code: 'pacs', message: 'The archive is away.' } }, 502) });
    await submit();
    expect([shown(byId('upload-error')), byId('upload-error-message').textContent]).toEqual([
      true,
      'The archive is away.',
    ]);
    expect(byId('said').textContent).toBe('');
  });

  it('shows the answer to the newest search alone', async () => {
    let first = () => {};
    const late = new Promise((resolve) => (first = () => resolve(answer({ studies: [study, study] }))));
    serve({ [SEARCH]: () => late });
    await submit();
    serve({ [SEARCH]: { studies: [study] } });
    await submit();
    first();
    await settle();
    expect(rows('.found-study')).toHaveLength(1);
  });

  it('opens a study to its series, asked for once, of which only CT can be fetched', async () => {
    const fetch = serve({ [SEARCH]: { studies: [study] }, [SERIES]: { series: [one('1', 'CT'), one('2', 'SR')] } });
    await submit();
    const head = rows('.found-head')[0];
    for (let press = 0; press < 3; press += 1) {
      head.click();
      await settle();
    }
    expect(head.getAttribute('aria-expanded')).toBe('true');
    expect(fetch.mock.calls.filter(([url]) => url.endsWith('/series'))).toHaveLength(1);
    expect(rows('[data-part=fetch]').map(shown)).toEqual([true, false]);
  });
});
