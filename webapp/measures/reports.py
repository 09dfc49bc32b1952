"""Reports of a mask's measures: PDF, the same as DICOM, and a structured report with its segmentation."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation.core.version import product_version
from webapp.measures.edits import Edits, shown_author
from webapp.measures.measuring import Measuring
from webapp.storage.dicom.objects import sources_of
from webapp.storage.folders import scratch_folder
from webapp.storage.navigation.documents import newest
from webapp.storage.store import Store
from webapp.storage.tables import Mask
from webapp.translations import translate

if TYPE_CHECKING:
    from segmentation.writers.dicom import Maker

_MOST_COMMENTS = 30


class Reports:
    """Makes reports; they take seconds: use it from a thread of ``Measuring.submit``."""

    def __init__(self, store: Store, measuring: Measuring, edits: Edits) -> None:
        self._store, self._measuring, self._edits = store, measuring, edits

    def pdf(self, mask: Mask, lang: str) -> bytes:
        """Make the report of a mask in a language of ``segmentation.report.LANGUAGES``.

        Raises:
            InputError: the mask cannot be measured.
            WebError: 404, a file is lost.
        """
        from segmentation.report.pdf import ReportFacts, make_pdf  # fpdf2 takes a moment

        study = self._store.studies.get(mask.study_id)
        measures = self._edits.applied(mask, self._measuring.now(mask), translate(lang)("viewer.measures.reader"))
        volume, label_map = self._measuring.scan(mask)
        facts = ReportFacts(
            alias=study.name if study else "",
            model=mask.model_id,
            confidence=self._confidence(mask, lang),
            comments=self._comments(mask, lang),
            screws=self._screws(mask),
        )
        return make_pdf(volume, label_map, measures, facts, lang)

    @contextmanager
    def dicom_pdf(self, mask: Mask, lang: str) -> Iterator[Path]:
        """Make the report as a DICOM object of the study (Encapsulated PDF), in a file that is removed afterwards.

        Raises:
            InputError: the mask cannot be measured.
            WebError: 409, the study did not come as DICOM; 404, a file is lost.
        """
        sources = sources_of(self._store, mask)
        from segmentation.report.objects import write_encapsulated_pdf
        from segmentation.report.words import words

        pdf = self.pdf(mask, lang)
        with scratch_folder() as folder:
            path = folder / "report.dcm"
            write_encapsulated_pdf(pdf, sources, path, _maker(mask), words(lang)["title"])
            yield path

    @contextmanager
    def structured(self, mask: Mask) -> Iterator[Path]:
        """Make a structured report (TID 1500) and the segmentation that it refers to, zipped.

        Raises:
            InputError: the mask cannot be measured.
            WebError: 409, the study did not come as DICOM; 404, a file is lost.
        """
        sources = sources_of(self._store, mask)
        from segmentation.report.objects import write_structured_report

        measures = self._edits.applied(mask, self._measuring.now(mask))
        _, label_map = self._measuring.scan(mask)
        with scratch_folder() as folder:
            parts = folder / "SEG.dcm", folder / "SR.dcm"
            write_structured_report(label_map, measures, sources, parts, _maker(mask))
            path = folder / "structured-report.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for part in parts:
                    archive.write(part, part.name)
            yield path

    def _confidence(self, mask: Mask, lang: str) -> str:
        """Put into words how sure the spine's mask of the same study is."""
        masks = self._store.masks.of_study(mask.study_id)
        sure = [each.confidence for each in (mask, *masks) if each.confidence is not None and each.kind != "reference"]
        return "" if not sure or mask.kind == "reference" else translate(lang)(f"viewer.confidence.{sure[0].level}")

    def _screws(self, mask: Mask) -> list[dict[str, Any]]:
        """List the screws of the study's newest plan, if it was made on this mask."""
        plan = newest(self._store, mask.study_id, "plan")
        return plan["screws"] if plan is not None and plan["mask_id"] == mask.id else []

    def _comments(self, mask: Mask, lang: str) -> str:
        """List what reviewers wrote of the study, oldest first."""
        say = translate(lang)
        reviews = self._store.reviews.of_study(mask.study_id)[:_MOST_COMMENTS]
        lines = []
        for review in reversed(reviews):
            who = shown_author(review.who, say("viewer.measures.reader"))
            head = f"{review.created_at:%Y-%m-%d} {who} ({say(f'viewer.js.review_{review.verdict}')})"
            lines.append(f"{head}: {review.comment}" if review.comment else head)
        return "\n".join(lines)


def _maker(mask: Mask) -> Maker:
    from segmentation.writers.dicom import Maker

    return Maker(product_version(), mask.model_id)
