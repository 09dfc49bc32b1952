// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, byId, openPage, serve, shown } from './open-page.js';

const LIST = 'GET /api/v1/studies';
const job = { state: 'running', stage: 'segment', progress: 0.5, eta_s: 75, dice: null, error: null };
const study = (id, more = {}) => ({
  id,
  name: `study ${id}`,
  url: `/studies/${id}`,
  created_at: '2026-01-02T03:04:05Z',
  size_bytes: 1536,
  shape: [4, 5, 6],
  spacing_mm: [1, 1, 2],
  has_reference: false,
  notes: [],
  thumbnail_url: `/thumb/${id}`,
  state: 'done',
  latest_job: null,
  verdict: null,
  ...more,
});

let studies;
let answers;
beforeEach(async () => {
  vi.useFakeTimers();
  openPage('home.html');
  studies = await import('../../../js/studies.js');
  answers = {};
});
afterEach(() => vi.useRealTimers());

/** @returns {any[]} */
const rows = () => [...byId('study-list').children];
const part = (row, name) => row.querySelector(`[data-part=${name}]`);
async function show(...list) {
  answers[LIST] = () => answer({ studies: list });
  const fetch = serve(answers);
  await studies.refresh();
  return fetch;
}

describe('the filter and the order of studies', () => {
  it('shows studies of a state or verdict, in the order that is chosen, with a smaller place for files', async () => {
    studies.start();
    await show(
      study('b10', { verdict: 'accepted' }),
      study('b9', { state: 'ready' }),
      study('a', { verdict: 'needs_work' }),
      study('c', {}),
    );
    expect(document.body.classList.contains('has-studies')).toBe(true);
    const choose = (id, value) => {
      byId(id).value = value;
      byId(id).dispatchEvent(new Event('change'));
      return rows().map((row) => row.dataset.studyId);
    };
    expect(choose('study-sort', 'name')).toEqual(['a', 'b9', 'b10', 'c']);
    expect(choose('study-sort', 'oldest')).toEqual(['c', 'a', 'b9', 'b10']);
    expect(choose('study-filter', 'unreviewed')).toEqual(['c']);
    expect(choose('study-filter', 'needs_work')).toEqual(['a']);
    expect(choose('study-filter', 'failed')).toEqual([]);
    expect(shown(byId('nothing-found'))).toBe(true);
    expect(shown(byId('empty'))).toBe(false);
    choose('study-sort', 'newest');
    expect(choose('study-filter', 'all')).toEqual(['b10', 'b9', 'a', 'c']);
  });
});

describe('the list of studies', () => {
  it('names the list that it shows, and keeps it where the server says that nothing changed', async () => {
    const headers = new Headers({ ETag: 'W/"one"' });
    answers[LIST] = () => ({ ok: true, status: 200, headers, json: async () => ({ studies: [study('a')] }) });
    const fetch = serve(answers);
    await studies.refresh();
    const [row] = rows();
    answers[LIST] = () => ({ ok: false, status: 304, headers });
    await studies.refresh();
    expect(fetch.mock.calls.map(([, options]) => options.headers)).toEqual([{}, { 'If-None-Match': 'W/"one"' }]);
    expect(rows()).toEqual([row]);
    expect(shown(byId('offline'))).toBe(false);
  });

  it("keeps its rows while it changes, and their order is the server's", async () => {
    await show(study('a'), study('b'));
    const [a, b] = rows();
    await show(study('c'), study('b'));
    expect(rows().map((row) => row.dataset.studyId)).toEqual(['c', 'b']);
    expect(rows()[1]).toBe(b);
    expect(a.isConnected).toBe(false);
    expect(byId('study-count').textContent).toBe('2');
  });

  it('says so where there is none', async () => {
    await show();
    expect(shown(byId('empty'))).toBe(true);
    expect(byId('study-count').textContent).toBe('');
  });

  it('shows how far a job is, and its Dice and its fault afterwards', async () => {
    await show(study('a', { state: 'running', latest_job: job }));
    const [row] = rows();
    expect(shown(row.querySelector('.study-job'))).toBe(true);
    expect(part(row, 'stage').textContent).toMatch(/50 % · .*1:15/);
    await show(study('a', { latest_job: { ...job, state: 'done', dice: 0.91234 } }));
    expect([shown(row.querySelector('.study-job')), part(row, 'dice').textContent]).toEqual([false, 'Dice 0.912']);
    await show(study('a', { state: 'failed', latest_job: { ...job, error: { message: 'Out of memory.' } } }));
    expect([shown(part(row, 'dice')), part(row, 'error').textContent]).toEqual([false, 'Out of memory.']);
  });

  it('deletes a study once that was confirmed, and takes one that is gone already for deleted', async () => {
    await show(study('a'));
    const gone = vi.fn(() => answer({ error: { code: 'not_found', message: 'gone' } }, 404));
    answers['DELETE /api/v1/studies/a'] = gone;
    const press = (value) => {
      rows()[0].querySelector('[data-testid=delete-button]').click();
      byId('delete-dialog').close(value);
    };
    press('keep');
    await vi.advanceTimersByTimeAsync(0);
    expect(gone).not.toHaveBeenCalled();
    press('delete');
    await vi.advanceTimersByTimeAsync(0);
    expect(gone).toHaveBeenCalledTimes(1);
    expect(shown(byId('upload-error'))).toBe(false);
  });
});

describe('polling the list of studies', () => {
  it('is asked for again in a second while something runs, in five while nothing does', async () => {
    const running = await show(study('a', { state: 'queued', latest_job: job }));
    await vi.advanceTimersByTimeAsync(999);
    expect(running).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(running).toHaveBeenCalledTimes(2);
    const idle = await show(study('a'));
    await vi.advanceTimersByTimeAsync(4999);
    expect(idle).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(idle).toHaveBeenCalledTimes(2);
  });

  it('stays, and says that the server is away', async () => {
    await show(study('a'));
    serve({});
    await studies.refresh();
    expect([rows().length, shown(byId('offline'))]).toEqual([1, true]);
  });

  it('shows a newer answer alone, whichever comes last', async () => {
    const late = new Promise((resolve) => setTimeout(() => resolve(answer({ studies: [study('old')] })), 100));
    serve({ [LIST]: () => late });
    const first = studies.refresh();
    await show(study('new'));
    await vi.advanceTimersByTimeAsync(100);
    await first;
    expect(rows().map((row) => row.dataset.studyId)).toEqual(['new']);
  });
});
