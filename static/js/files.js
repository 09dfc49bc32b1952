// What a person chose or dropped: one volume, a volume with its mask, or DICOM files.

import { bytes, config, t } from "./words.js";

/** @import { Problem } from "./api.js" */
/** @typedef {{ct?: File, voxels?: File[], mask?: File, dicom?: File[], problem?: Problem}} Sorted */

const REFERENCE_NAME = /(mask|seg|label|vert|ref)/i;
const HEADER_NAME = /\.(nhdr|mhd|hdr|hdr\.gz)$/i; // of a scan whose voxels lie in another file
const SURELY_DICOM = /\.(dcm|dicom|ima)$/i;
const DICOM_NAME = /\.(dcm|dicom|ima|zip)$|^[^.]*$|\.\d+$/i; // scanners name files without an ending, or by number

/**
 * All files of a drop, those inside folders included. Must be called while the event is handled.
 *
 * @param {DataTransfer} transfer
 */
export async function dropped(transfer) {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (!entries.some((entry) => entry.isDirectory)) return { files: [...transfer.files], folder: false };
  /** @type {File[]} */
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return { files, folder: true };
}

/** @param {FileSystemEntry} entry @param {File[]} files to which those of the entry are added */
async function collect(entry, files) {
  if (entry.isFile) {
    const single = /** @type {FileSystemFileEntry} */ (entry);
    files.push(await new Promise((resolve, reject) => single.file(resolve, reject)));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // some at a time
    if (!batch.length) return;
    for (const child of batch) await collect(child, files);
  }
}

/**
 * What to do with files; a `problem` is what the server would answer, known without asking it.
 *
 * @param {File[]} files
 * @param {boolean} folder whether they came as a folder
 * @returns {Sorted}
 */
export function sort(files, folder = false) {
  const problem = tooLarge(files);
  if (problem) return { problem };
  const volumes = files.filter(isVolume);
  const detached = headerAndVoxels(files, volumes);
  if (detached) return detached;
  if (folder || isDicom(files, volumes)) return { dicom: files };
  if (files.length === 1) return volumes.length === 1 ? { ct: files[0] } : { problem: unknown(files[0]) };
  return pairOf(files, volumes) ?? { problem: { code: "bad_request", ...words("error.one_file") } };
}

/** @param {File[]} files @param {File[]} volumes among them */
const isDicom = (files, volumes) =>
  files.length > 0 && volumes.length === 0 && files.every((file) => DICOM_NAME.test(file.name));

/**
 * A header, the files of its voxels and perhaps a mask, if that is what there is.
 *
 * @param {File[]} files
 * @param {File[]} volumes among them
 * @returns {Sorted | null}
 */
function headerAndVoxels(files, volumes) {
  const headers = files.filter((file) => HEADER_NAME.test(file.name));
  const others = volumes.length > 1 || volumes.some((file) => !REFERENCE_NAME.test(file.name));
  if (headers.length !== 1 || files.length === 1 || others || files.some((file) => SURELY_DICOM.test(file.name))) {
    return null;
  }
  const voxels = files.filter((file) => file !== headers[0] && !volumes.includes(file));
  return volumes.length ? { ct: headers[0], voxels, mask: volumes[0] } : { ct: headers[0], voxels };
}

/** A volume and its mask, if that is what there is. @param {File[]} files @param {File[]} volumes among them */
function pairOf(files, volumes) {
  const masks = volumes.filter((file) => REFERENCE_NAME.test(file.name));
  if (files.length !== 2 || volumes.length !== 2 || masks.length !== 1) return null;
  return { ct: volumes.find((file) => file !== masks[0]), mask: masks[0] };
}

/** Why a reference cannot be used, or null. @param {File} file */
export function problemOfReference(file) {
  return isVolume(file) ? tooLarge([file]) : unknown(file);
}

/** @param {File} file */
function isVolume(file) {
  const name = file.name.toLowerCase();
  return config.suffixes.some((suffix) => name.endsWith(suffix));
}

/** @param {string} key @param {Record<string, unknown>} values */
const words = (key, values = {}) => ({ message: t(key, values), hint: t(`${key}_hint`, values) });

/** @param {File} file @returns {Problem} */
function unknown(file) {
  const values = { name: file.name, suffixes: config.suffixes.join(", ") };
  return { code: "unsupported_format", ...words("error.suffix", values) };
}

/** @param {File[]} files @returns {Problem | null} */
function tooLarge(files) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total <= config.max_upload_bytes) return null;
  const limit = bytes(config.max_upload_bytes);
  const name = files.length === 1 ? files[0].name : t("home.files", { count: files.length });
  return { code: "too_large", ...words("error.limit", { name, limit }) };
}
