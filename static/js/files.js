// What a person chose or dropped: one volume, a volume with its mask, or DICOM files.

import { bytes, config, t } from "./words.js";

const REFERENCE_NAME = /(mask|seg|label|vert|ref)/i;
const DICOM_NAME = /\.(dcm|dicom|ima|zip)$|^[^.]*$|\.\d+$/i; // scanners name files without an ending, or by number

/** All files of a drop, those inside folders included. Must be called while the event is handled. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return { files: [...transfer.files], folder: false };
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return { files, folder: true };
}

async function collect(entry, files) {
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // some at a time
    if (!batch.length) return;
    for (const child of batch) await collect(child, files);
  }
}

/** What to do with them: `{ct, mask}`, `{dicom}` or `{problem}`, which is what the server would say, said sooner. */
export function sort(files, folder = false) {
  const problem = tooLarge(files);
  if (problem) return { problem };
  const volumes = files.filter(isVolume);
  if (folder || (files.length > 0 && volumes.length === 0 && files.every((file) => DICOM_NAME.test(file.name)))) {
    return { dicom: files };
  }
  if (files.length === 1) return volumes.length === 1 ? { ct: files[0] } : { problem: unknown(files[0]) };
  const masks = volumes.filter((file) => REFERENCE_NAME.test(file.name));
  if (files.length === 2 && volumes.length === 2 && masks.length === 1) {
    return { ct: volumes.find((file) => file !== masks[0]), mask: masks[0] };
  }
  return { problem: { code: "bad_request", message: t("error.one_file"), hint: t("error.one_file_hint") } };
}

/** Why a reference cannot be used, or null. */
export function problemOfReference(file) {
  return isVolume(file) ? tooLarge([file]) : unknown(file);
}

function isVolume(file) {
  const name = file.name.toLowerCase();
  return config.suffixes.some((suffix) => name.endsWith(suffix));
}

function unknown(file) {
  return {
    code: "unsupported_format",
    message: t("error.suffix", { name: file.name }),
    hint: t("error.suffix_hint", { suffixes: config.suffixes.join(", ") }),
  };
}

function tooLarge(files) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total <= config.max_upload_bytes) return null;
  const limit = bytes(config.max_upload_bytes);
  const name = files.length === 1 ? files[0].name : t("home.files", { count: files.length });
  return { code: "too_large", message: t("error.limit", { name, limit }), hint: t("error.limit_hint") };
}
