// Drag and drop, the file choosers, and one upload at a time with its progress in bytes.

import * as refusal from "./refusal.js";
import { bytes, config, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const dropzone = byId("dropzone");
const uploadInput = byId("upload-input");
const referenceInput = byId("reference-input");
const referenceName = byId("reference-name");
const REFERENCE_NAME = /(mask|seg|label|vert|ref)/i;

let reference = null;
let request = null;

/** Wire the page; `onStudy(study)` hears of each study that the server took. */
export function start(onStudy) {
  uploadInput.addEventListener("change", () => {
    const [file] = uploadInput.files;
    uploadInput.value = ""; // so that the same file can be chosen again
    if (file) send(file, onStudy);
  });
  referenceInput.addEventListener("change", () => setReference(referenceInput.files[0] ?? null));
  byId("reference-clear").addEventListener("click", () => {
    referenceInput.value = "";
    setReference(null);
    referenceInput.focus();
  });
  byId("uploading-cancel").addEventListener("click", () => request?.abort());
  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault();
  });
  listenForDrops(onStudy);
}

function setReference(file) {
  reference = file;
  referenceName.textContent = file ? file.name : t("home.reference_choose");
  byId("reference-clear").hidden = !file;
  referenceName.closest(".reference-choice").classList.toggle("chosen", Boolean(file));
}

function listenForDrops(onStudy) {
  let depth = 0; // dragenter and dragleave come for every child too
  const over = (change) => {
    depth = Math.max(0, depth + change);
    dropzone.classList.toggle("over", depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  window.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  window.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    take([...event.dataTransfer.files], onStudy);
  });
}

/** One file is a CT; of two, the one named like a mask is the reference. */
function take(files, onStudy) {
  if (files.length === 2) {
    const masks = files.filter((file) => REFERENCE_NAME.test(file.name));
    if (masks.length === 1) {
      setReference(masks[0]);
      send(files.find((file) => file !== masks[0]), onStudy);
      return;
    }
  }
  if (files.length === 1) send(files[0], onStudy);
  else refusal.show({ code: "bad_request", message: t("error.one_file"), hint: t("error.one_file_hint") });
}

function send(file, onStudy) {
  if (request) return;
  refusal.hide();
  const problem = problemOf(file) ?? (reference && problemOf(reference));
  if (problem) {
    refusal.show(problem);
    return;
  }
  const form = new FormData();
  form.append("file", file, file.name);
  if (reference) form.append("reference", reference, reference.name);
  request = new XMLHttpRequest();
  request.open("POST", "/api/v1/studies");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => showProgress(event.loaded, event.total));
  let cancelled = false;
  request.addEventListener("abort", () => (cancelled = true));
  request.addEventListener("loadend", (event) => finish(event.target, cancelled, onStudy));
  byId("uploading-name").textContent = file.name;
  showProgress(0, file.size);
  setBusy(true);
  request.send(form);
}

/** What the server would say too, said before gigabytes travel. */
function problemOf(file) {
  const name = file.name.toLowerCase();
  if (!config.suffixes.some((suffix) => name.endsWith(suffix))) {
    return {
      code: "unsupported_format",
      message: t("error.suffix", { name: file.name }),
      hint: t("error.suffix_hint", { suffixes: config.suffixes.join(", ") }),
    };
  }
  if (file.size > config.max_upload_bytes) {
    const limit = bytes(config.max_upload_bytes);
    return { code: "too_large", message: t("error.limit", { name: file.name, limit }), hint: t("error.limit_hint") };
  }
  return null;
}

function showProgress(loaded, total) {
  const bar = byId("uploading-bar");
  byId("uploading-cancel").hidden = loaded >= total; // what has arrived cannot be called back
  if (loaded >= total && total > 0) {
    bar.removeAttribute("value"); // all sent: the server is reading it now
    byId("uploading-percent").textContent = "";
    byId("uploading-bytes").textContent = t("home.checking");
    return;
  }
  bar.value = total ? loaded / total : 0;
  byId("uploading-percent").textContent = `${Math.floor(100 * bar.value)} %`;
  byId("uploading-bytes").textContent = t("home.sent", { sent: bytes(loaded), total: bytes(total) });
}

function finish(done, cancelled, onStudy) {
  request = null;
  setBusy(false);
  if (done.status === 201) {
    referenceInput.value = "";
    setReference(null);
    onStudy(done.response);
  } else if (!cancelled) {
    refusal.show(refusal.errorOf(done.response));
  }
}

function setBusy(busy) {
  dropzone.classList.toggle("busy", busy);
  byId("uploading").hidden = !busy;
  uploadInput.disabled = busy;
}
