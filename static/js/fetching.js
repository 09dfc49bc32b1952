// One series on its way here: its progress, its end, and the way to stop it.

import * as refusal from "./refusal.js";
import { bytes, t } from "./words.js";

const PAUSE_MS = 500;
const OPEN = ["waiting", "fetching", "checking"];
const API = "/api/v1/transfers";

/** Show in `row` how the transfer goes until it is over. */
export async function follow(row, transfer) {
  const cancel = row.querySelector("[data-part=cancel]");
  cancel.onclick = () => fetch(`${API}/${transfer.id}`, { method: "DELETE" }).catch(() => {});
  let now = transfer;
  while (now) {
    show(row, now);
    if (!OPEN.includes(now.state)) return;
    await new Promise((wake) => setTimeout(wake, PAUSE_MS));
    now = await look(transfer.id);
  }
  show(row, { ...transfer, state: "failed", error: null });
}

/** The transfer as it is now, the question asked again while the server is away; null once it is forgotten. */
async function look(id) {
  for (;;) {
    try {
      const response = await fetch(`${API}/${id}`);
      if (response.status === 404) return null;
      if (response.ok) return await response.json();
    } catch {
      // a moment without network: ask again
    }
    await new Promise((wake) => setTimeout(wake, 2 * PAUSE_MS));
  }
}

function show(row, transfer) {
  const part = (name) => row.querySelector(`[data-part=${name}]`);
  const open = OPEN.includes(transfer.state);
  const bar = row.querySelector("progress");
  bar.hidden = !open;
  if (transfer.images_expected && transfer.state === "fetching") bar.value = transfer.images / transfer.images_expected;
  else bar.removeAttribute("value");
  part("fetch").hidden = open || transfer.state === "done";
  part("cancel").hidden = !open;
  part("open").hidden = transfer.state !== "done";
  if (transfer.url) part("open").href = transfer.url;
  const state = part("state");
  state.dataset.state = transfer.state;
  state.textContent = t(`pacs.state.${transfer.state}`, {
    images: transfer.images,
    total: transfer.images_expected ?? "?",
    size: bytes(transfer.received_bytes),
  });
  if (transfer.state === "failed") refusal.show(transfer.error ?? refusal.errorOf(null));
}
