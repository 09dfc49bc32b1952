// The list of studies: built once a row, then kept up to date in place, so that focus and pictures stay.

import { ApiError, request } from "./api.js";
import { at, byId, copyOfTemplate, descendant, elementById, part } from "./dom.js";
import * as refusal from "./refusal.js";
import { fill } from "./series.js";
import { bytes, config, date, duration, spacing, t } from "./words.js";

/** @import { Job, Study } from "./api.js" */

const API = at("/api/v1/studies");
const OPEN_JOB_STATES = ["queued", "running"];
const BUSY_MS = 1000;
const IDLE_MS = 5000;
const list = byId("study-list");
const search = elementById("study-search", HTMLInputElement);
const filter = elementById("study-filter", HTMLSelectElement);
const order = elementById("study-sort", HTMLSelectElement);
/** What the server listed last, newest first. @type {Study[]} */
let known = [];
/** @type {Map<string, HTMLElement>} */
const rows = new Map(); // study id -> <li>
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let turn = 0; // an answer that was overtaken by a newer question is not shown
let etag = ""; // of the list that is shown: while it holds, the server sends nothing
let busy = false;

/** Start to follow the server's list. */
export function start() {
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  search.addEventListener("input", () => {
    etag = "";
    refresh();
  });
  for (const choice of [filter, order]) choice.addEventListener("change", () => show(known));
  refresh();
}

/** Ask now, then again in a second while something runs, in five while nothing does. */
export async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    const answer = await ask();
    if (mine !== turn) return;
    if (answer) {
      etag = answer.etag;
      show(answer.studies);
      busy = answer.studies.some((study) => OPEN_JOB_STATES.includes(study.state));
    }
    byId("offline").hidden = true;
  } catch {
    if (mine !== turn) return;
    busy = false;
    byId("offline").hidden = false;
  }
  if (!document.hidden) timer = setTimeout(refresh, busy ? BUSY_MS : IDLE_MS);
}

/**
 * Ask for the list; null if it is the one that is shown.
 * @returns {Promise<{studies: Study[], etag: string} | null>}
 */
async function ask() {
  const wanted = search.value.trim();
  const address = wanted ? `${API}?search=${encodeURIComponent(wanted)}` : API;
  const response = await fetch(address, { cache: "no-store", headers: etag ? { "If-None-Match": etag } : {} });
  if (response.status === 304) return null;
  if (response.status === 401) window.location.assign(at("/signin")); // the session ended
  if (!response.ok) throw new Error(response.statusText);
  const { studies } = await response.json();
  return { studies, etag: response.headers.get("ETag") ?? "" };
}

/**
 * Which studies a choice of the filter keeps: by state, or by verdict.
 * @type {Record<string, (study: Study) => boolean>}
 */
const KEEPS = {
  all: () => true,
  open: ({ state }) => OPEN_JOB_STATES.includes(state),
  done: ({ state }) => state === "done",
  ready: ({ state }) => state === "ready",
  failed: ({ state }) => state === "failed",
  unreviewed: ({ state, verdict }) => state === "done" && !verdict,
  needs_work: ({ verdict }) => verdict === "needs_work",
  accepted: ({ verdict }) => verdict === "accepted",
  open_reviews: ({ open_reviews: count }) => count > 0,
};

/** The studies that were chosen, in the order that was chosen. @param {Study[]} studies */
function arranged(studies) {
  const kept = studies.filter(KEEPS[filter.value] ?? KEEPS.all);
  if (order.value === "oldest") return kept.reverse();
  if (order.value === "name") return kept.sort((a, b) => a.name.localeCompare(b.name, config.lang, { numeric: true }));
  if (order.value === "state") return kept.sort((a, b) => a.state.localeCompare(b.state));
  return kept;
}

/** @param {Study[]} listed by the server, newest first */
function show(listed) {
  known = listed;
  const studies = arranged(listed);
  document.body.classList.toggle("has-studies", listed.length > 0);
  const present = new Set(studies.map((study) => study.id));
  for (const [id, row] of rows) {
    if (!present.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
  studies.forEach((study, index) => {
    const row = rows.get(study.id) ?? build(study);
    rows.set(study.id, row);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    update(row, study);
  });
  const searched = search.value.trim() !== "" || listed.length > 0;
  byId("empty").hidden = studies.length > 0 || searched;
  byId("nothing-found").hidden = studies.length > 0 || !searched;
  byId("study-count").textContent = String(studies.length || "");
}

/** @param {Study} study */
function build(study) {
  const row = copyOfTemplate("study-row");
  row.dataset.studyId = study.id;
  const link = descendant(row, ".study-name", HTMLAnchorElement);
  link.href = study.url;
  descendant(row, "[data-part=open]", HTMLAnchorElement).href = study.url;
  part(row, "date").textContent = date(study.created_at);
  part(row, "size").textContent = bytes(study.size_bytes);
  part(row, "shape").textContent = study.shape.join(" × ");
  part(row, "spacing").textContent = spacing(study.spacing_mm);
  part(row, "reference").hidden = !study.has_reference;
  fill(part(row, "notes"), study.notes);
  const sharing = descendant(row, "[data-part=sharing]", HTMLAnchorElement);
  sharing.href = `${study.url}/sharing`;
  const button = descendant(row, "[data-testid=delete-button]", HTMLElement);
  sharing.hidden = button.hidden = !config.rights.includes("edit");
  button.addEventListener("click", () => askToDelete(study));
  return row;
}

/** @param {HTMLElement} row @param {Study} study */
function update(row, study) {
  if (row.dataset.name !== study.name) showName(row, study);
  const picture = descendant(row, "img", HTMLImageElement);
  if (picture.getAttribute("src") !== study.thumbnail_url) picture.src = study.thumbnail_url;
  const state = descendant(row, ".state", HTMLElement);
  state.dataset.state = study.state;
  state.textContent = t(`common.state.${study.state}`);
  const verdict = part(row, "verdict");
  setText(verdict, study.verdict ? t(`home.verdict.${study.verdict}`) : "");
  verdict.dataset.verdict = study.verdict ?? "";
  const count = study.open_reviews;
  setText(part(row, "open-reviews"), count ? t("home.open_reviews", { count: String(count) }) : "");
  updateJob(row, study);
}

/** @param {HTMLElement} row @param {Study} study */
function showName(row, { name }) {
  row.dataset.name = name;
  const link = descendant(row, ".study-name", HTMLAnchorElement);
  link.textContent = link.title = name;
  descendant(row, "[data-part=open]", HTMLElement).setAttribute("aria-label", t("home.open_name", { name }));
  descendant(row, "[data-part=sharing]", HTMLElement).setAttribute("aria-label", t("home.sharing_name", { name }));
  descendant(row, "[data-testid=delete-button]", HTMLElement).setAttribute(
    "aria-label",
    t("home.delete_name", { name }),
  );
}

/** @param {HTMLElement} row @param {Study} study */
function updateJob(row, { state, latest_job: job }) {
  const isOpen = OPEN_JOB_STATES.includes(state);
  const progress = descendant(row, ".study-job", HTMLElement);
  progress.hidden = !isOpen;
  if (isOpen && job) {
    descendant(progress, "progress", HTMLProgressElement).value = job.progress;
    part(row, "stage").textContent = stageOf(job);
  }
  const dice = job?.dice ?? null;
  setText(part(row, "dice"), dice === null ? "" : `Dice ${dice.toFixed(3)}`);
  setText(part(row, "error"), job?.error?.message ?? "");
}

/** Show a text, or nothing where there is none. @param {HTMLElement} node @param {string} text */
function setText(node, text) {
  node.textContent = text;
  node.hidden = text === "";
}

/** @param {Job} job */
function stageOf(job) {
  const stage = t(`common.stage.${job.stage}`, {}, job.stage);
  const eta = job.eta_s ?? null;
  const left = eta === null ? "" : ` · ${t("home.left", { time: duration(eta) })}`;
  const place = job.place ? ` · ${t("home.place", { place: job.place })}` : "";
  return job.state === "queued" ? `${stage}${place}${left}` : `${stage} · ${Math.floor(100 * job.progress)} %${left}`;
}

/** @param {Study} study */
function askToDelete(study) {
  const dialog = elementById("delete-dialog", HTMLDialogElement);
  byId("delete-name").textContent = study.name;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "delete" && remove(study), { once: true });
  dialog.showModal();
}

/** @param {Study} study */
async function remove(study) {
  try {
    await request(`${API}/${study.id}`, "DELETE");
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) refusal.showError(error);
  }
  await refresh();
}
