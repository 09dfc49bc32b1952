// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { openPage } from './open-page.js';

const file = (name, size = 10) => ({ name, size });
const entryOf = (name) => ({ isFile: true, isDirectory: false, file: (resolve) => resolve(file(name)) });

let files;
beforeEach(async () => {
  openPage('home.html', { max_upload_bytes: 1000 });
  files = await import('../../../js/files.js');
});

describe('files that were chosen or dropped', () => {
  it('one volume is a CT', () => {
    expect(files.sort([file('CT.NII.GZ')])).toEqual({ ct: file('CT.NII.GZ') });
  });

  it('of two volumes the one whose name says so is the mask', () => {
    const [ct, mask] = [file('scan.nii.gz'), file('scan_seg.nii.gz')];
    expect(files.sort([mask, ct])).toEqual({ ct, mask });
    expect(files.sort([ct, file('other.nii')]).problem.code).toBe('bad_request');
  });

  it.each(['I10', 'IM.000123', 'a.dcm', 'all.zip'])('%s is DICOM', (name) => {
    expect(files.sort([file(name)])).toEqual({ dicom: [file(name)] });
  });

  it.each([
    ['ct.nhdr', 'ct.raw.gz'],
    ['ct.mhd', 'ct.zraw'],
    ['ct.hdr', 'ct.img'],
  ])('%s and %s are one CT, from a folder too, with a mask or without', (header, data) => {
    const [ct, voxels, mask] = [file(header), file(data), file('ct_mask.nii.gz')];
    expect(files.sort([voxels, ct])).toEqual({ ct, voxels: [voxels] });
    expect(files.sort([voxels, ct], true)).toEqual({ ct, voxels: [voxels] });
    expect(files.sort([voxels, mask, ct])).toEqual({ ct, voxels: [voxels], mask });
    expect(files.sort([voxels, ct, file('other.nii')]).problem.code).toBe('bad_request');
    const all = [ct, file('1.dcm')];
    expect(files.sort(all, true)).toEqual({ dicom: all });
  });

  it('a folder is DICOM, whatever is in it', () => {
    const all = [file('notes.txt'), file('ct.nii')];
    expect(files.sort(all, true)).toEqual({ dicom: all });
  });

  it('another type is refused, with the types that are read', () => {
    const { problem } = files.sort([file('photo.png')]);
    expect(problem.code).toBe('unsupported_format');
    expect(problem.message).toContain('photo.png');
    expect(problem.hint).toContain('.nii, .nii.gz');
  });

  it('all of them together may not be larger than the server takes', () => {
    expect(files.sort([file('ct.nii', 1000)]).problem).toBeUndefined();
    expect(files.sort([file('ct.nii', 600), file('ct_mask.nii', 401)]).problem.code).toBe('too_large');
  });

  it('a reference is a volume that is not too large', () => {
    expect(files.problemOfReference(file('mask.nii'))).toBeNull();
    expect(files.problemOfReference(file('mask.dcm')).code).toBe('unsupported_format');
    expect(files.problemOfReference(file('mask.nii', 1001)).code).toBe('too_large');
  });

  it('are taken out of folders, which give their entries some at a time', async () => {
    const batches = [[entryOf('1'), entryOf('2')], [entryOf('3')], []];
    const folder = { isDirectory: true, createReader: () => ({ readEntries: (resolve) => resolve(batches.shift()) }) };
    const transfer = { items: [{ webkitGetAsEntry: () => folder }, { webkitGetAsEntry: () => null }], files: [] };
    const { files: all, folder: isFolder } = await files.dropped(transfer);
    expect([all.map(({ name }) => name), isFolder]).toEqual([['1', '2', '3'], true]);
  });

  it('that were dropped without a folder are taken as they are', async () => {
    const transfer = { items: [{ webkitGetAsEntry: () => entryOf('a') }], files: [file('a')] };
    expect(await files.dropped(transfer)).toEqual({ files: [file('a')], folder: false });
  });
});
