// Drag and drop, the file choosers, and one upload at a time with its progress in bytes.

import { ApiError, problemOf } from "./api.js";
import { byId, elementById } from "./dom.js";
import { dropped, problemOfReference, sort } from "./files.js";
import { forgetAlias, naming } from "./naming.js";
import * as refusal from "./refusal.js";
import { ResumableUpload } from "./resumable.js";
import * as series from "./series.js";
import { bytes, t } from "./words.js";

/** @import { Study } from "./api.js" */
/** @import { Part } from "./resumable.js" */
/** @typedef {(study: Study) => void} OnStudy */

const dropzone = byId("dropzone");
const uploadInput = elementById("upload-input", HTMLInputElement);
const folderInput = elementById("folder-input", HTMLInputElement);
const referenceInput = elementById("reference-input", HTMLInputElement);
const referenceName = byId("reference-name");

/** @type {File | null} */
let reference = null;
/** @type {ResumableUpload | null} */
let current = null;

/** Wire the page; `onStudy` is called with each study that the server took. @param {OnStudy} onStudy */
export function start(onStudy) {
  for (const input of [uploadInput, folderInput]) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so that the same file can be chosen again
      if (files.length) take(files, input === folderInput, onStudy);
    });
  }
  byId("folder-label").hidden = !("webkitdirectory" in folderInput);
  referenceInput.addEventListener("change", () => setReference(referenceInput.files?.[0] ?? null));
  byId("reference-clear").addEventListener("click", () => {
    referenceInput.value = "";
    setReference(null);
    referenceInput.focus();
  });
  byId("uploading-cancel").addEventListener("click", () => current?.cancel());
  window.addEventListener("beforeunload", (event) => {
    if (current) event.preventDefault();
  });
  listenForDrops(onStudy);
}

/** @param {File | null} file */
function setReference(file) {
  reference = file;
  referenceName.textContent = file ? file.name : t("home.reference_choose");
  byId("reference-clear").hidden = !file;
  referenceName.closest(".reference-choice")?.classList.toggle("chosen", Boolean(file));
}

/** @param {OnStudy} onStudy */
function listenForDrops(onStudy) {
  let depth = 0; // dragenter and dragleave come for every child too
  const over = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    dropzone.classList.toggle("over", depth > 0);
  };
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  window.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  window.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  window.addEventListener("drop", async (event) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    try {
      const { files, folder } = await dropped(event.dataTransfer);
      take(files, folder, onStudy);
    } catch {
      refusal.show({ code: "bad_request", message: t("error.folder"), hint: t("error.folder_hint") });
    }
  });
}

/** @param {File[]} files @param {boolean} folder @param {OnStudy} onStudy */
function take(files, folder, onStudy) {
  if (current) return;
  refusal.hide();
  const { ct, voxels, mask, dicom, problem } = sort(files, folder);
  if (mask) setReference(mask);
  const wrong = problem ?? (reference && (dicom ? withDicom() : problemOfReference(reference)));
  if (wrong) refusal.show(wrong);
  else if (dicom) sendDicom(dicom, onStudy);
  else if (ct) sendStudy([ct, ...(voxels ?? [])], onStudy);
}

function withDicom() {
  return { code: "bad_request", message: t("error.reference_dicom"), hint: t("error.reference_dicom_hint") };
}

/** @param {File[]} files the CT, or its header and then its voxels @param {OnStudy} onStudy */
function sendStudy(files, onStudy) {
  const parts = files.map((file) => ({ field: "file", name: file.name, file }));
  if (reference) parts.push({ field: "reference", name: reference.name, file: reference });
  send("study", parts, files[0].name, t("home.checking"), (study) => {
    referenceInput.value = "";
    setReference(null);
    forgetAlias();
    onStudy(study);
  });
}

/** @param {File[]} files @param {OnStudy} onStudy */
function sendDicom(files, onStudy) {
  // By number: names can be those of patients.
  const parts = files.map((file, number) => ({ field: "file", name: `${number}`, file }));
  const title = files.length === 1 ? files[0].name : t("home.files", { count: files.length });
  send("import", parts, title, t("series.reading"), (upload) => series.choose(upload, onStudy));
}

/**
 * @param {"study" | "import"} kind
 * @param {Part[]} parts
 * @param {string} title
 * @param {string} checking said while the server reads what it got
 * @param {(made: any) => void} onMade called with what the server made of it
 */
async function send(kind, parts, title, checking, onMade) {
  const onWaiting = () => (byId("uploading-bytes").textContent = t("home.resuming"));
  const onProgress = (/** @type {number} */ sent, /** @type {number} */ total) => showProgress(sent, total, checking);
  const sending = new ResumableUpload(kind, parts, { onProgress, onWaiting }, kind === "study" ? naming() : {});
  current = sending;
  byId("uploading-name").textContent = title;
  showProgress(0, 1, checking);
  byId("uploading-bytes").textContent = "";
  setBusy(true);
  try {
    const made = await sending.run();
    finish();
    onMade(made);
  } catch (error) {
    finish();
    if (!sending.cancelled) refusal.show(error instanceof ApiError ? error : problemOf(null));
  }
}

/** @param {number} loaded bytes @param {number} total @param {string} checking */
function showProgress(loaded, total, checking) {
  const bar = elementById("uploading-bar", HTMLProgressElement);
  byId("uploading-cancel").hidden = loaded >= total; // what has arrived cannot be called back
  if (loaded >= total && total > 0) {
    bar.removeAttribute("value"); // all sent: the server is reading it now
    byId("uploading-percent").textContent = "";
    byId("uploading-bytes").textContent = checking;
    return;
  }
  bar.value = total ? loaded / total : 0;
  byId("uploading-percent").textContent = `${Math.floor(100 * bar.value)} %`;
  byId("uploading-bytes").textContent = t("home.sent", { sent: bytes(loaded), total: bytes(total) });
}

function finish() {
  current = null;
  setBusy(false);
}

/** @param {boolean} busy */
function setBusy(busy) {
  dropzone.classList.toggle("busy", busy);
  byId("uploading").hidden = !busy;
  uploadInput.disabled = busy;
  folderInput.disabled = busy;
}
