"""Put a fresh server with accounts through the whole path: administrator, sign-in, demo, segmentation, mask.

    python3 scripts/whole_path.py http://127.0.0.1:8000 LOG

LOG is what the server printed; the link that makes the first administrator stands there. Only Python is needed.
"""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

API = "/api/v1"
PASSWORD = "four words are easy"  # noqa: S105 - of a server that is thrown away
MOST_S = 1800.0


def main() -> int:
    """Go the whole way; a traceback says where it ended."""
    base, log = sys.argv[1].rstrip("/"), Path(sys.argv[2]).read_text(encoding="utf-8")
    link = re.search(r"/welcome#(\S+)", log)
    if link is None:
        sys.exit("whole_path: the log holds no link for the first administrator")
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"{base}{path}", data, headers, method=method)  # noqa: S310 - as it was given
        with browser.open(request, timeout=300) as answer:
            content = answer.read()
            return json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content

    ask("POST", f"{API}/invitation", {"secret": link[1], "name": "administrator", "password": PASSWORD})
    ask("POST", f"{API}/session", {"name": "administrator", "password": PASSWORD})
    study = ask("POST", f"{API}/studies/demo")["id"]
    job = ask("POST", f"{API}/studies/{study}/jobs", {"task": "segment"})["id"]
    deadline = time.monotonic() + MOST_S
    while (state := ask("GET", f"{API}/jobs/{job}"))["state"] in ("queued", "running"):
        if time.monotonic() > deadline:
            sys.exit("whole_path: the job did not end")
        time.sleep(1)
    if state["state"] != "done":
        sys.exit(f"whole_path: the job is {state['state']}: {state['error']}")
    mask = ask("GET", f"{API}/masks/{state['mask_id']}.nii.gz")
    page = ask("GET", f"/studies/{study}")
    ask("DELETE", f"{API}/studies/{study}")
    print(f"whole_path: Dice {state['dice']:.4f}, mask {len(mask)} bytes, page {len(page)} bytes, study deleted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
