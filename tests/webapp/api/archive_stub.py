"""The least of a DICOMweb archive: one study of one series, which it does not give away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STUDY_UID, SERIES_UID = "1.2.3", "1.2.3.4"
_STUDY = [{"0020000D": {"vr": "UI", "Value": [STUDY_UID]}, "00080020": {"vr": "DA", "Value": ["20260102"]}}]
_SERIES = [{"0020000E": {"vr": "UI", "Value": [SERIES_UID]}, "00201209": {"vr": "IS", "Value": [3]}}]


class _Archive(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        found = {"/studies": _STUDY, f"/studies/{STUDY_UID}/series": _SERIES}.get(path)
        body = json.dumps([] if found is None else found).encode()
        self.send_response(200 if found is not None or path.endswith("/series") else 404)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def running_archive() -> Iterator[str]:
    """Its address, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Archive)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
