// The home page of whoever may not upload: the studies alone.

import * as studies from "./studies.js";

studies.start();
