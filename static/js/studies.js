// The list of studies: built once a row, then kept up to date in place, so that focus and pictures stay.

import * as refusal from "./refusal.js";
import { fill } from "./series.js";
import { bytes, date, duration, t } from "./words.js";

const API = "/api/v1/studies";
const BUSY_MS = 1000;
const CALM_MS = 5000;
const byId = (id) => document.getElementById(id);
const list = byId("study-list");
const rows = new Map(); // study id -> <li>
let timer = 0;
let turn = 0; // an answer that was overtaken by a newer question is not shown

/** Start to follow the server's list. */
export function start() {
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  refresh();
}

/** Ask now, then again in a second while something runs, in five while nothing does. */
export async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  let busy = false;
  try {
    const response = await fetch(API, { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    const { studies } = await response.json();
    if (mine !== turn) return;
    show(studies);
    busy = studies.some((study) => ["queued", "running"].includes(study.state));
    byId("offline").hidden = true;
  } catch {
    if (mine !== turn) return;
    byId("offline").hidden = false;
  }
  if (!document.hidden) timer = setTimeout(refresh, busy ? BUSY_MS : CALM_MS);
}

/** Mark a study that has just come, and bring it into sight. */
export async function welcome(study) {
  await refresh();
  const row = rows.get(study.id);
  for (const other of rows.values()) other.classList.toggle("new", other === row);
  row?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function show(studies) {
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
  byId("empty").hidden = studies.length > 0;
  byId("study-count").textContent = studies.length || "";
}

function build(study) {
  const row = byId("study-row").content.firstElementChild.cloneNode(true);
  row.dataset.studyId = study.id;
  const link = row.querySelector(".study-name");
  link.textContent = study.name;
  link.title = study.name;
  link.href = study.url;
  part(row, "open").href = study.url;
  part(row, "open").setAttribute("aria-label", t("home.open_name", { name: study.name }));
  part(row, "date").textContent = date(study.created_at);
  part(row, "size").textContent = bytes(study.size_bytes);
  part(row, "shape").textContent = study.shape.join(" × ");
  part(row, "spacing").textContent = `${study.spacing_mm.map((mm) => Number(mm.toFixed(2))).join(" × ")} mm`;
  part(row, "reference").hidden = !study.has_reference;
  fill(part(row, "notes"), study.notes);
  const button = row.querySelector("[data-testid=delete-button]");
  button.setAttribute("aria-label", t("home.delete_name", { name: study.name }));
  button.addEventListener("click", () => askToDelete(study));
  return row;
}

function update(row, study) {
  const picture = row.querySelector("img");
  if (picture.getAttribute("src") !== study.thumbnail_url) picture.src = study.thumbnail_url;
  const state = row.querySelector(".state");
  state.dataset.state = study.state;
  state.textContent = t(`common.state.${study.state}`);
  const job = study.latest_job;
  const open = study.state === "queued" || study.state === "running";
  const progress = row.querySelector(".study-job");
  progress.hidden = !open;
  if (open) {
    progress.querySelector("progress").value = job.progress;
    part(row, "stage").textContent = stageOf(job);
  }
  part(row, "dice").hidden = job?.dice == null;
  part(row, "dice").textContent = job?.dice == null ? "" : `Dice ${job.dice.toFixed(3)}`;
  part(row, "verdict").hidden = !study.verdict;
  part(row, "verdict").textContent = study.verdict ? t(`home.verdict.${study.verdict}`) : "";
  part(row, "verdict").dataset.verdict = study.verdict ?? "";
  part(row, "error").hidden = !job?.error;
  part(row, "error").textContent = job?.error?.message ?? "";
}

function stageOf(job) {
  const stage = t(`common.stage.${job.stage}`, {}, job.stage);
  const left = job.eta_s == null ? "" : ` · ${t("home.left", { time: duration(job.eta_s) })}`;
  return job.state === "queued" ? stage : `${stage} · ${Math.floor(100 * job.progress)} %${left}`;
}

function askToDelete(study) {
  const dialog = byId("delete-dialog");
  byId("delete-name").textContent = study.name;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "delete" && remove(study), { once: true });
  dialog.showModal();
}

async function remove(study) {
  try {
    const response = await fetch(`${API}/${study.id}`, { method: "DELETE" });
    if (!response.ok && response.status !== 404) refusal.show(refusal.errorOf(await response.json()));
  } catch {
    refusal.show(refusal.errorOf(null));
  }
  await refresh();
}

const part = (row, name) => row.querySelector(`[data-part=${name}]`);
