// The page behind a share link: it opens the study, or says why not.

import { at, byId } from "../dom.js";
import { go, request, secretOfAddress, showRefusal } from "./forms.js";

try {
  const answer = await request(at("/api/v1/share-session"), "POST", { secret: secretOfAddress() });
  go(answer.url);
} catch (error) {
  byId("opening").hidden = true;
  showRefusal(error);
}
