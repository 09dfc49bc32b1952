// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { byId, openPage, serve, shown } from './open-page.js';

/** Requests that were sent, newest last; a test answers them itself. */
const requests = [];
class FakeRequest extends EventTarget {
  upload = new EventTarget();
  status = 0;
  response = null;
  open(method, url) {
    this.asked = `${method} ${url}`;
  }
  send(form) {
    this.form = form;
    requests.push(this);
  }
  abort() {
    this.dispatchEvent(new Event('abort'));
    this.dispatchEvent(new Event('loadend'));
  }
  progress(loaded, total) {
    this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded, total }));
  }
  end(status, response) {
    Object.assign(this, { status, response });
    this.dispatchEvent(new Event('loadend'));
  }
}

const onStudy = vi.fn();
beforeEach(async () => {
  requests.length = 0;
  onStudy.mockClear();
  vi.stubGlobal('XMLHttpRequest', FakeRequest);
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
const sent = () => requests.map(({ asked, form }) => [asked, [...form.keys()]]);

describe('an upload', () => {
  it('of a volume makes a study, and its progress is shown in bytes', () => {
    choose('upload-input', file('ct.nii'));
    expect(sent()).toEqual([['POST /api/v1/studies', ['file']]]);
    requests[0].progress(512, 2048);
    expect(byId('uploading-percent').textContent).toBe('25 %');
    expect(byId('uploading-bytes').textContent).toMatch(/512 B.*2\.0 kB/);
    requests[0].progress(2048, 2048);
    expect(byId('uploading-bar').hasAttribute('value')).toBe(false);
    expect(shown(byId('uploading-cancel'))).toBe(false);
    requests[0].end(201, { id: 's1' });
    expect(onStudy).toHaveBeenCalledWith({ id: 's1' });
    expect(shown(byId('uploading'))).toBe(false);
  });

  it('takes the reference along once, and forgets it then', () => {
    choose('reference-input', file('mask.nii'));
    choose('upload-input', file('ct.nii'));
    requests[0].end(201, {});
    choose('upload-input', file('ct.nii'));
    expect(sent().map(([, keys]) => keys)).toEqual([['file', 'reference'], ['file']]);
  });

  it('of DICOM files names them by number, because names can be those of patients', () => {
    choose('upload-input', file('Doe^John.dcm'), file('2.dcm'));
    expect(requests[0].asked).toBe('POST /api/v1/imports');
    expect(requests[0].form.getAll('file').map(({ name }) => name)).toEqual(['0', '1']);
  });

  it('of DICOM files with a reference is refused before it is sent', () => {
    choose('reference-input', file('mask.nii'));
    choose('upload-input', file('a.dcm'));
    expect([requests.length, shown(byId('upload-error'))]).toEqual([0, true]);
  });

  it('that is too large is refused before it is sent', () => {
    choose('upload-input', file('ct.nii', 1001));
    expect([requests.length, shown(byId('upload-error'))]).toEqual([0, true]);
  });

  it('waits for the one before', () => {
    choose('upload-input', file('ct.nii'));
    choose('upload-input', file('other.nii'));
    expect(requests).toHaveLength(1);
  });

  it('that is cancelled says nothing, one that fails says why', () => {
    choose('upload-input', file('ct.nii'));
    byId('uploading-cancel').click();
    expect([shown(byId('upload-error')), shown(byId('uploading'))]).toEqual([false, false]);
    choose('upload-input', file('ct.nii'));
    requests[1].end(400, { error: { code: 'bad_request', message: 'Not a volume.' } });
    expect(byId('upload-error-message').textContent).toBe('Not a volume.');
    choose('upload-input', file('ct.nii'));
    requests[2].end(0, null);
    expect(byId('upload-error-message').textContent).not.toBe('Not a volume.');
    expect(onStudy).not.toHaveBeenCalled();
  });
});
