// The form that signs in. A code of the authenticator is asked for once the password was right.

import { ApiError } from "../api.js";
import { at, byId, elementById } from "../dom.js";
import { config } from "../words.js";
import { go, onSubmit, request } from "./forms.js";

const form = elementById("signin", HTMLFormElement);
const code = elementById("code", HTMLInputElement);

onSubmit(form, async ({ name, password, code: given }) => {
  try {
    const answer = await request(at("/api/v1/session"), "POST", { name, password, code: given ?? "" });
    go(answer.url || config.next || at("/"));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "second_factor") throw error;
    byId("code-field").hidden = false;
    code.required = true;
    code.focus();
  }
});
