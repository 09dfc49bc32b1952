// Accounts, groups, and the newest lines of the audit trail.

import { at, byId, copyOfTemplate, descendant, elementById, part } from "../dom.js";
import { config, date, t } from "../words.js";
import { hideRefusal, onClick, onSubmit, request, showRefusal, wholeAddress } from "./forms.js";

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} name
 * @property {string} role
 * @property {string[]} groups
 * @property {boolean} disabled
 * @property {boolean} has_password
 * @property {boolean} single_sign_on
 * @property {boolean} second_factor
 */

const API = at("/api/v1/accounts");
/** @type {string[]} */
let groups = [];

onSubmit(elementById("new-account", HTMLFormElement), async ({ name, role, group, single_sign_on: external }) => {
  const wanted = { name, role, groups: group ? [group] : [], single_sign_on: external === "on" };
  showInvitation(await request(API, "POST", wanted));
  elementById("new-account", HTMLFormElement).reset();
  await list();
});

onSubmit(elementById("new-group", HTMLFormElement), async ({ name }) => {
  await request(at("/api/v1/groups"), "POST", { name: name.trim() });
  elementById("new-group", HTMLFormElement).reset();
  await list();
});

/** @param {{account: Account, link: string | null}} made */
function showInvitation({ account, link }) {
  byId("made").hidden = !link;
  byId("made-text").textContent = t("access.account_made", { name: account.name });
  byId("made-link").textContent = link ? wholeAddress(link) : "";
  byId("made").scrollIntoView({ block: "nearest" });
}

async function list() {
  groups = (await request(at("/api/v1/groups"))).groups;
  const accounts = (await request(API)).accounts;
  byId("accounts").replaceChildren(...accounts.map(accountRow));
  byId("groups").replaceChildren(...groups.map(groupRow));
  const choice = byId("new-account-group");
  choice.replaceChildren(new Option("–", ""), ...groups.map((name) => new Option(name)));
  const { entries } = await request(at("/api/v1/audit?limit=50"));
  byId("audit").replaceChildren(...entries.map(auditRow));
}

/** @param {Account} account */
function accountRow(account) {
  const row = copyOfTemplate("account-row");
  row.dataset.name = account.name;
  part(row, "name").textContent = account.name;
  part(row, "facts").textContent = factsOf(account).join(" · ");
  const role = descendant(row, "select", HTMLSelectElement);
  role.value = account.role;
  role.addEventListener("change", () => change(account, { role: role.value }));
  part(row, "groups").replaceChildren(...groups.map((name) => groupBox(account, name)));
  const resetting = descendant(row, "[data-part=reset]", HTMLButtonElement);
  const disable = descendant(row, "[data-part=disable]", HTMLButtonElement);
  resetting.hidden = disable.hidden = account.id === config.own;
  resetting.addEventListener("click", () => askToReset(account));
  disable.textContent = t(account.disabled ? "access.enable" : "access.disable");
  disable.addEventListener("click", () => change(account, { disabled: !account.disabled }));
  return row;
}

/** @param {Account} account */
function factsOf(account) {
  const facts = [];
  if (account.disabled) facts.push(t("access.disabled"));
  if (account.single_sign_on) facts.push(t("access.single_sign_on"));
  else if (!account.has_password) facts.push(t("access.not_set"));
  if (account.second_factor) facts.push(t("access.has_second_factor"));
  return facts;
}

/** @param {Account} account @param {string} name */
function groupBox(account, name) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = account.groups.includes(name);
  box.addEventListener("change", () => {
    const others = account.groups.filter((each) => each !== name);
    change(account, { groups: box.checked ? [...others, name] : others });
  });
  label.className = "check";
  label.append(box, ` ${name}`);
  return label;
}

/** @param {Account} account @param {object} changes */
async function change(account, changes) {
  hideRefusal();
  try {
    await request(`${API}/${account.id}`, "PATCH", changes);
  } catch (error) {
    showRefusal(error);
  }
  await list();
}

/** @param {Account} account */
function askToReset(account) {
  const dialog = elementById("reset-dialog", HTMLDialogElement);
  byId("reset-text").textContent = t("access.reset_text", { name: account.name });
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "reset" && reset(account), { once: true });
  dialog.showModal();
}

/** @param {Account} account */
async function reset(account) {
  try {
    showInvitation(await request(`${API}/${account.id}/reset`, "POST"));
  } catch (error) {
    showRefusal(error);
  }
  await list();
}

/** @param {string} name */
function groupRow(name) {
  const row = copyOfTemplate("group-row");
  part(row, "name").textContent = name;
  onClick(descendant(row, "button", HTMLButtonElement), async () => {
    await request(at(`/api/v1/groups/${encodeURIComponent(name)}`), "DELETE");
    await list();
  });
  return row;
}

/** @param {{at: string, who: string, address: string, action: string, study_id: string, detail: string}} entry */
function auditRow({ at: when, who, address, action, study_id: study, detail }) {
  const row = document.createElement("tr");
  for (const text of [date(when), who, address, action, study.slice(0, 8), detail]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

await list();
