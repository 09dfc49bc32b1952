// The form behind a one-time link.

import { at, elementById } from "../dom.js";
import { t } from "../words.js";
import { ApiError } from "../api.js";
import { go, onSubmit, request, secretOfAddress } from "./forms.js";

const secret = secretOfAddress();

onSubmit(elementById("welcome", HTMLFormElement), async ({ name, password, again }) => {
  if (password !== again) throw new ApiError({ code: "differ", message: t("access.passwords_differ") });
  const answer = await request(at("/api/v1/invitation"), "POST", { secret, name: name ?? "", password });
  go(answer.url || at("/"));
});
