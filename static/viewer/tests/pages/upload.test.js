// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { byId, openPage, serve, shown } from './open-page.js';

/** Uploads that were begun, newest last; a test answers them itself. */
const uploads = vi.hoisted(() => []);
vi.mock('../../../js/resumable.js', () => ({
  ResumableUpload: class {
    cancelled = false;
    /** @type {(error: Error) => void} */
    fail = () => {};
    constructor(kind, parts, listener) {
      Object.assign(this, { kind, parts, ...listener });
      uploads.push(this);
    }
    run() {
      return new Promise((resolve, reject) => Object.assign(this, { end: resolve, fail: reject }));
    }
    cancel() {
      this.cancelled = true;
      this.fail(new Error('cancelled'));
    }
  },
}));

const onStudy = vi.fn();
beforeEach(async () => {
  uploads.length = 0;
  onStudy.mockClear();
  openPage('home.html', { max_upload_bytes: 1000 });
  serve({});
  const { start } = await import('../../../js/upload.js');
  start(onStudy);
});

const file = (name, size = 4) => new File(['x'.repeat(size)], name);
function choose(id, ...files) {
  Object.defineProperty(byId(id), 'files', { configurable: true, value: files });
  byId(id).dispatchEvent(new Event('change'));
}
const sent = () => uploads.map(({ kind, parts }) => [kind, parts.map(({ field }) => field)]);
const settled = () => new Promise((wake) => setTimeout(wake));

describe('an upload', () => {
  it('of a volume makes a study, and its progress is shown in bytes', async () => {
    choose('upload-input', file('ct.nii'));
    expect(sent()).toEqual([['study', ['file']]]);
    uploads[0].onProgress(512, 2048);
    expect(byId('uploading-percent').textContent).toBe('25 %');
    expect(byId('uploading-bytes').textContent).toMatch(/512 B.*2\.0 kB/);
    uploads[0].onProgress(2048, 2048);
    expect(byId('uploading-bar').hasAttribute('value')).toBe(false);
    expect(shown(byId('uploading-cancel'))).toBe(false);
    uploads[0].end({ id: 's1' });
    await settled();
    expect(onStudy).toHaveBeenCalledWith({ id: 's1' });
    expect(shown(byId('uploading'))).toBe(false);
  });

  it('says so while the connection is away', () => {
    choose('upload-input', file('ct.nii'));
    uploads[0].onProgress(512, 2048);
    uploads[0].onWaiting();
    expect(byId('uploading-bytes').textContent).toMatch(/goes on by itself/);
    expect(byId('uploading-percent').textContent).toBe('25 %');
  });

  it('takes the reference along once, and forgets it then', async () => {
    choose('reference-input', file('mask.nii'));
    choose('upload-input', file('ct.nii'));
    uploads[0].end({});
    await settled();
    choose('upload-input', file('ct.nii'));
    expect(sent().map(([, fields]) => fields)).toEqual([['file', 'reference'], ['file']]);
  });

});

describe('an upload that', () => {
  it('is of DICOM files names them by number, because names can be those of patients', () => {
    choose('upload-input', file('Doe^John.dcm'), file('2.dcm'));
    expect(uploads[0].kind).toBe('import');
    expect(uploads[0].parts.map(({ name }) => name)).toEqual(['0', '1']);
  });

  it('is of DICOM files with a reference is refused before it is sent', () => {
    choose('reference-input', file('mask.nii'));
    choose('upload-input', file('a.dcm'));
    expect([uploads.length, shown(byId('upload-error'))]).toEqual([0, true]);
  });

  it('is too large is refused before it is sent', () => {
    choose('upload-input', file('ct.nii', 1001));
    expect([uploads.length, shown(byId('upload-error'))]).toEqual([0, true]);
  });

  it('comes early waits for the one before', () => {
    choose('upload-input', file('ct.nii'));
    choose('upload-input', file('other.nii'));
    expect(uploads).toHaveLength(1);
  });

  it('is cancelled says nothing, one that fails says why', async () => {
    const { ApiError } = await import('../../../js/api.js');
    choose('upload-input', file('ct.nii'));
    byId('uploading-cancel').click();
    await settled();
    expect([shown(byId('upload-error')), shown(byId('uploading'))]).toEqual([false, false]);
    choose('upload-input', file('ct.nii'));
    uploads[1].fail(new ApiError({ code: 'bad_request', message: 'Not a volume.' }, 400));
    await settled();
    expect(byId('upload-error-message').textContent).toBe('Not a volume.');
    choose('upload-input', file('ct.nii'));
    uploads[2].fail(new Error('lost'));
    await settled();
    expect(byId('upload-error-message').textContent).not.toBe('Not a volume.');
    expect(onStudy).not.toHaveBeenCalled();
  });
});
