// One's own account: password, second factor, API tokens, and browsers that are signed in.

import { at, byId, copyOfTemplate, descendant, elementById, part } from "../dom.js";
import { date, t } from "../words.js";
import { onClick, onSubmit, request } from "./forms.js";

const API = at("/api/v1/account");

/** @param {string} id of a form that some accounts do not have @param {(form: HTMLFormElement) => void} use */
function withForm(id, use) {
  if (document.getElementById(id)) use(elementById(id, HTMLFormElement));
}

/** Say that something was done. @param {string} key */
function done(key) {
  byId("done").textContent = t(key);
  byId("done").hidden = false;
}

withForm("password", (form) =>
  onSubmit(form, async ({ current, new: wanted }) => {
    await request(`${API}/password`, "PUT", { current, new: wanted });
    form.reset();
    done("access.password_changed");
    await listSessions();
  }),
);

withForm("second-factor", (form) => {
  let secret = "";
  onClick(elementById("second-factor-begin", HTMLButtonElement), async () => {
    const made = await request(`${API}/second-factor`, "POST");
    secret = made.secret;
    elementById("second-factor-picture", HTMLImageElement).src = made.picture;
    byId("second-factor-secret").textContent = secret.replace(/(.{4})/g, "$1 ").trim();
    byId("second-factor-begin").hidden = true;
    form.hidden = false;
  });
  onSubmit(form, async ({ code, password }) => {
    const { recovery_codes: codes } = await request(`${API}/second-factor`, "PUT", { secret, code, password });
    form.hidden = true;
    byId("recovery-codes").textContent = codes.join("\n");
    byId("recovery").hidden = false;
  });
});

withForm("second-factor-remove", (form) =>
  onSubmit(form, async ({ code, password }) => {
    await request(`${API}/second-factor`, "DELETE", { code, password });
    window.location.reload();
  }),
);

const tokens = byId("tokens");
const newToken = elementById("new-token", HTMLFormElement);
onSubmit(newToken, async ({ name, scope, days }) => {
  const made = await request(`${API}/tokens`, "POST", { name, scope, days: Number(days) });
  byId("token-secret").textContent = made.secret;
  byId("token-made").hidden = false;
  newToken.reset();
  await listTokens();
});

async function listTokens() {
  const found = (await request(`${API}/tokens`)).tokens;
  byId("no-tokens").hidden = found.length > 0;
  tokens.replaceChildren(
    ...found.map((/** @type {any} */ token) => {
      const row = copyOfTemplate("token-row");
      part(row, "name").textContent = token.name;
      const facts = [t(`access.scope.${token.scope}`), t("access.until", { date: date(token.expires_at) })];
      part(row, "facts").textContent = facts.join(" · ");
      onClick(descendant(row, "button", HTMLButtonElement), async () => {
        await request(`${API}/tokens/${token.id}`, "DELETE");
        await listTokens();
      });
      return row;
    }),
  );
}

async function listSessions() {
  const found = (await request(`${API}/sessions`)).sessions;
  byId("sessions").replaceChildren(
    ...found.map((/** @type {any} */ session) => {
      const row = copyOfTemplate("session-row");
      part(row, "name").textContent = session.current ? t("access.this_browser") : session.address;
      part(row, "facts").textContent = t("access.since", { date: date(session.created_at) });
      const button = descendant(row, "button", HTMLButtonElement);
      button.hidden = session.current;
      onClick(button, async () => {
        await request(`${API}/sessions/${session.id}`, "DELETE");
        await listSessions();
      });
      return row;
    }),
  );
}

await listTokens();
await listSessions();
