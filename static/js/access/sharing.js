// Alias, group and share links of one study.

import { at, byId, copyOfTemplate, descendant, elementById, part } from "../dom.js";
import { config, date, t } from "../words.js";
import { onClick, onSubmit, request, wholeAddress } from "./forms.js";

const API = at(`/api/v1/studies/${config.study}`);

onSubmit(elementById("study", HTMLFormElement), async ({ name, group }) => {
  const study = await request(API, "PATCH", group ? { name, group } : { name });
  descendant(document, "h1", HTMLElement).textContent = study.name;
  byId("done").textContent = t("access.saved");
  byId("done").hidden = false;
});

if (document.getElementById("new-link")) {
  onSubmit(elementById("new-link", HTMLFormElement), makeLink);
  await list();
}

/** @param {Record<string, string>} wanted */
async function makeLink ({ kind, days }) {
  const made = await request(`${API}/shares`, "POST", { kind, days: Number(days) });
  byId("link").textContent = wholeAddress(made.link);
  byId("link-made").hidden = false;
  await list();
}

async function list() {
  const found = (await request(`${API}/shares`)).shares;
  byId("no-links").hidden = found.length > 0;
  byId("links").replaceChildren(
    ...found.map((/** @type {any} */ share) => {
      const row = copyOfTemplate("link-row");
      part(row, "name").textContent = t(`access.kind.${share.kind}`);
      const facts = [t("access.by", { name: share.made_by }), t("access.until", { date: date(share.expires_at) })];
      part(row, "facts").textContent = facts.join(" · ");
      onClick(descendant(row, "button", HTMLButtonElement), async () => {
        await request(at(`/api/v1/shares/${share.id}`), "DELETE");
        await list();
      });
      return row;
    }),
  );
}
