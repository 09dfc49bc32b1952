"""Forms of the audit trail for other systems.

``atna``: one JSON object a line with the fields of an audit message of DICOM PS3.15 annex A.5, which IHE ATNA uses.
``syslog``: RFC 5424, facility 13 (log audit), with the same as structured data.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any

from webapp.storage.audit import AuditEntry

_CODES = {
    "upload": ("110107", "Import", "C"),
    "receive": ("110107", "Import", "C"),
    "fetch": ("110107", "Import", "C"),
    "download": ("110106", "Export", "R"),
    "send": ("110106", "Export", "R"),
    "share": ("110106", "Export", "R"),
    "open-share": ("110103", "DICOM Instances Accessed", "R"),
    "open": ("110103", "DICOM Instances Accessed", "R"),
    "delete": ("110105", "DICOM Study Deleted", "D"),
    "search": ("110112", "Query", "E"),
    "sign-in": ("110114", "User Authentication", "E"),
    "sign-out": ("110114", "User Authentication", "E"),
    "sign-in-refused": ("110114", "User Authentication", "E"),
}
"""By action: code and meaning of the event (CID 401), and whether it creates, reads, updates, deletes or executes."""
_ACCOUNTS = re.compile(r".*-(account|group|password|second-factor|token|share)$")
_PRIORITY, _PRIORITY_OF_REFUSALS = 13 * 8 + 5, 13 * 8 + 4  # notice, warning


def atna(entry: AuditEntry) -> str:
    """Write an entry as one line of JSON."""
    code, meaning, kind = _event(entry)
    message: dict[str, Any] = {
        "EventIdentification": {
            "EventID": {"code": code, "codeSystemName": "DCM", "displayName": meaning},
            "EventTypeCode": {"code": entry.action, "codeSystemName": "SpineView"},
            "EventActionCode": kind,
            "EventDateTime": entry.at.isoformat(),
            "EventOutcomeIndicator": 4 if _is_refusal(entry) else 0,
        },
        "ActiveParticipant": [
            {"UserID": entry.who, "UserIsRequestor": True, "NetworkAccessPointID": entry.address},
        ],
        "AuditSourceIdentification": {"AuditSourceID": f"spineview@{socket.gethostname()}"},
        "ParticipantObjectIdentification": [],
        "SpineView": {"number": entry.number, "detail": entry.detail, "hash": entry.hash},
    }
    if entry.study_id:
        message["ParticipantObjectIdentification"].append(
            {"ParticipantObjectTypeCode": 2, "ParticipantObjectTypeCodeRole": 3, "ParticipantObjectID": entry.study_id}
        )
    return json.dumps(message, ensure_ascii=True)


def syslog(entry: AuditEntry) -> str:
    """Write an entry as one line of syslog."""
    fields = {
        "number": str(entry.number),
        "who": entry.who,
        "from": entry.address,
        "action": entry.action,
        "study": entry.study_id,
        "detail": entry.detail,
        "hash": entry.hash,
    }
    data = " ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items())
    priority = _PRIORITY_OF_REFUSALS if _is_refusal(entry) else _PRIORITY
    at, host = entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), socket.gethostname() or "-"
    return f"<{priority}>1 {at} {host} spineview - audit [audit@32473 {data}]"


FORMATS: Mapping[str, Callable[[AuditEntry], str]] = {"atna": atna, "syslog": syslog}


def _event(entry: AuditEntry) -> tuple[str, str, str]:
    if entry.action in _CODES:
        return _CODES[entry.action]
    if _ACCOUNTS.match(entry.action):
        return "110113", "Security Alert", "U"
    return "110100", "Application Activity", "E"


def _is_refusal(entry: AuditEntry) -> bool:
    return entry.action in ("sign-in-refused", "refuse")


def _quoted(value: str) -> str:
    """Escape what ends a value of structured data (RFC 5424 section 6.3.3); entries hold no line breaks."""
    return re.sub(r'(["\\\]])', r"\\\1", value)
