"""A DICOMweb client (PS3.18): QIDO-RS to search, WADO-RS to fetch, STOW-RS to send back.

Files go from the wire to the disk and back as they are: nothing is decoded here, so that a hostile one meets only
the reader's own sandbox. What was searched for and how this server signs in stays out of logs and messages.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from segmentation.core.errors import OperationCancelled
from segmentation.core.progress import CancelCheck, never
from webapp.dicomweb.answers import FoundSeries, FoundStudy, forms, found_series, found_study
from webapp.dicomweb.config import PacsServer
from webapp.dicomweb.errors import check, translate_errors
from webapp.dicomweb.multipart_related import PartsToFiles, related_body, related_boundary
from webapp.http.errors import WebError

# At "info" it writes each address, and in an address stands for whom one searched.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

MOST_FOUND = 100
_PIECE_BYTES = 1 << 20
_TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # an archive may have to fetch a series from its own tapes first
_SEARCH_FIELDS = ("00081030", "00080061", "00201206", "00201208", "00100030")
_SERIES_FIELDS = ("0008103E", "00180015", "00201209")


@dataclass(frozen=True)
class Search:
    """What to look for. Empty fields do not narrow the search.

    Attributes:
        patient: Parts of a name, or an identifier.
        first_day, last_day: YYYYMMDD, both included.
        modality: ``"CT"`` …
    """

    patient: str = ""
    first_day: str = ""
    last_day: str = ""
    modality: str = "CT"


class DicomWeb:
    """One archive.

    Raises:
        WebError: from every method, 502: it cannot be reached, refuses, or answers what nobody can read.
    """

    def __init__(self, server: PacsServer) -> None:
        self._server = server

    @property
    def name(self) -> str:
        """What doctors choose the archive by."""
        return self._server.name

    def search(self, search: Search) -> list[FoundStudy]:
        """Studies, newest first, at most ``MOST_FOUND``."""
        query: list[tuple[str, str]] = [("limit", str(MOST_FOUND)), *(("includefield", tag) for tag in _SEARCH_FIELDS)]
        if search.modality:
            query.append(("ModalitiesInStudy", search.modality))
        if search.first_day or search.last_day:
            query.append(("StudyDate", f"{search.first_day}-{search.last_day}"))
        found: dict[str, FoundStudy] = {}
        for keyword, pattern in _patient_queries(search.patient):
            patient = [(keyword, _widened(pattern))] if keyword else []
            for answer in self._json("/studies", [*query, *patient]):
                study = found_study(answer)
                if study is not None and (not keyword or _has(answer, keyword, pattern)):
                    found[study.uid] = study
        return sorted(found.values(), key=lambda study: study.date, reverse=True)[:MOST_FOUND]

    def series(self, study_uid: str) -> list[FoundSeries]:
        """Series of a study, by number."""
        query = [("includefield", tag) for tag in _SERIES_FIELDS]
        answers = map(found_series, self._json(f"/studies/{study_uid}/series", query))
        return sorted(
            (found for found in answers if found), key=lambda found: (found.number is None, found.number or 0)
        )

    def retrieve(
        self,
        study_uid: str,
        series_uid: str,
        folder: Path,
        progress: Callable[[int, int], None],
        cancelled: CancelCheck = never,
        most_bytes: int = 1 << 40,
    ) -> list[Path]:
        """Fetch a series in the transfer syntaxes it is kept in, one file an instance, into ``folder``.

        Args:
            study_uid: Of the study.
            series_uid: Of the series to fetch.
            folder: Exists; gets ``000001.dcm`` … in the order of arrival.
            progress: Told how many instances and bytes have come.
            cancelled: Asked between pieces.
            most_bytes: Of all files together.

        Raises:
            OperationCancelled: ``cancelled`` answered True.
            WebError: also 413, it is larger than ``most_bytes``.
        """
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        address = f"{self._server.url}/studies/{study_uid}/series/{series_uid}"
        with (
            translate_errors(self._server.name),
            self._client() as client,
            client.stream("GET", address, headers={"Accept": accept}) as response,
        ):
            check(response, self._server.name)
            parts = PartsToFiles(folder, related_boundary(response.headers.get("Content-Type", "")))
            received = 0
            with contextlib.closing(parts):
                for piece in response.iter_bytes(_PIECE_BYTES):
                    if cancelled():
                        raise OperationCancelled
                    received += len(piece)
                    _refuse_size(received, most_bytes)
                    parts.write(piece)
                    progress(len(parts.paths), received)
            return parts.finished()

    def store(self, paths: list[Path], study_uid: str) -> None:
        """Send files back into their study.

        Raises:
            WebError: also when the archive took only a part of them.
        """
        boundary = os.urandom(16).hex()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": "application/dicom+json",
        }
        with self._client() as client, translate_errors(self._server.name):
            address = f"{self._server.url}/studies/{study_uid}"
            response = client.post(address, content=related_body(paths, boundary), headers=headers)
            if response.status_code not in (202, 409):  # those two come with a list of what failed
                check(response, self._server.name)
            failed = _failed(response)
            if failed or response.status_code == 409:
                raise WebError(
                    502,
                    "pacs_refused",
                    "pacs.files_refused",
                    name=self._server.name,
                    failed=failed or len(paths),
                    total=len(paths),
                )

    def _json(self, address: str, query: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        with self._client() as client, translate_errors(self._server.name):
            # The star stays a star: some archives do not decode it (Orthanc's DICOMweb plugin 1.7).
            full = f"{self._server.url}{address}?{urlencode(query, safe='*')}"
            response = client.get(full, headers={"Accept": "application/dicom+json"})
            if response.status_code == 204:  # nothing found
                return
            check(response, self._server.name)
            answers = response.json()
            if not isinstance(answers, list):
                raise ValueError
            yield from (answer for answer in answers if isinstance(answer, dict))

    def _client(self) -> httpx.Client:
        server = self._server
        try:
            auth, headers, verify = server.auth(), server.headers(), server.verify()
        except OSError as error:
            raise WebError(502, "pacs_unreachable", "pacs.no_secrets", name=server.name) from error
        # trust_env: proxies of the environment are not for the hospital's own network.
        return httpx.Client(auth=auth, headers=headers, verify=verify, timeout=_TIMEOUT, trust_env=False)


def _patient_queries(patient: str) -> list[tuple[str, str]]:
    """Make keyword and pattern of the queries for what was typed: a name or an identifier, so both are asked for.

    The parts of a name may be typed in any way that keeps their order: ``Doe Jane``, ``Doe, J``, ``Doe^Jane``.
    """
    parts = [part for part in re.split(r"[\s^,=*]+", patient) if part]
    if not parts:
        return [("", "")]
    return [("PatientName", f"*{'*'.join(parts)}*"), ("PatientID", patient.strip())]


def _widened(pattern: str) -> str:
    """Put a star for each character that an address holds encoded: some archives decode none of them."""
    return re.sub(r"[^A-Za-z0-9._*-]+", "*", pattern)


def _has(answer: dict[str, Any], keyword: str, pattern: str) -> bool:
    """Tell whether an answer to a widened query fits what was typed; of any other, the archive's word is taken."""
    if _widened(pattern) == pattern:
        return True
    wanted = ".*".join(map(re.escape, _comparable(pattern, keyword).split("*")))
    return any(re.fullmatch(wanted, _comparable(form, keyword), re.DOTALL) for form in forms(answer, keyword))


def _comparable(text: str, keyword: str) -> str:
    """Make texts alike that a person takes for the same; Chinese names are typed without what parts them."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s^]", "", text) if keyword == "PatientName" else text


def _refuse_size(received: int, most: int) -> None:
    if received > most:
        raise WebError(413, "too_large", "pacs.series_too_large", gib=most / 1024**3)


def _failed(response: httpx.Response) -> int:
    """How many instances the answer of STOW-RS lists as failed (FailedSOPSequence)."""
    if "json" not in response.headers.get("Content-Type", ""):
        return 0
    answer = response.json()
    answer = answer[0] if isinstance(answer, list) and answer else answer
    failed = answer.get("00081198", {}) if isinstance(answer, dict) else {}
    return len(failed.get("Value") or [])
