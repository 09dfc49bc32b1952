"""The command ``spineview evaluate``: tables of a model's quality on the terminal, as Markdown and as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation.cli.options.input_options import add_model_options
from segmentation.cli.options.output import check_writable, write_json
from segmentation.cli.options.progress_bar import shown_progress
from segmentation.core.atomic import write_atomically
from segmentation.core.errors import BadConfiguration
from segmentation.core.progress import Progress

if TYPE_CHECKING:
    from segmentation.core.volume import Volume
    from segmentation.evaluation.distant_false_positives import DistantRow
    from segmentation.evaluation.reliability import Answer, Claim
    from segmentation.evaluation.report import CaseReport
    from segmentation.evaluation.tables import Table
    from segmentation.inference.engine import Engine
    from segmentation.inference.name_vertebrae import Namer


@dataclass
class _Session:
    """State that the parts share: the models loaded so far, and what was found."""

    options: argparse.Namespace
    progress: Progress
    load: Callable[[Path | None], Engine]
    tables: list[Table] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    # Labelled cases that were scored, with their folders and the weights that did it.
    scored: list[tuple[Path, Path | None, CaseReport]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the scans, the model and the report."""
    command.add_argument("--cases", metavar="DIR", type=Path, help="holds */ct.nii.gz and */vert.nii.gz")
    command.add_argument("--folds", metavar="FILE.yaml", type=Path, help="cases, each with weights that never saw it")
    command.add_argument("--far", metavar="DIR", type=Path, help="CTs without labels: the mask away from the spine")
    command.add_argument("--centrelines", metavar="FILE.json", type=Path, help="where the spine of each of them runs")
    command.add_argument("--negatives", metavar="DIR", type=Path, help="CTs without a spine: what is claimed there")
    command.add_argument("--vertebrae", action="store_true", help="vertebrae and names of --cases, too")
    command.add_argument("--confidence", action="store_true", help="whether confidence in the cases comes true")
    command.add_argument("--diagram", metavar="FILE.svg", type=Path, help="the reliability diagram of --confidence")
    command.add_argument("--label-maps", metavar="DIR", type=Path, help="vertebrae and names by masks without a CT")
    command.add_argument(
        "--views", metavar="NAMES.yaml", type=Path, help="names of views of the label maps it left out"
    )
    command.add_argument("--names-model", metavar="FILE.safetensors", type=Path, help="weights that name vertebrae")
    command.add_argument(
        "--deviations", nargs="*", metavar="NAME", help="a phantom, or the cases, deviating: bent, fused, cut"
    )
    command.add_argument("--claims", metavar="REPORT.json", type=Path, nargs="+", help="whose confidence counts, too")
    command.add_argument("--robustness", action="store_true", help="the labelled scans again, each perturbed")
    add_model_options(command)
    command.add_argument("-o", "--output", metavar="REPORT.json", type=Path)
    command.add_argument("--markdown", metavar="FILE.md", type=Path, help="the tables, to paste into a document")


def run(options: argparse.Namespace) -> int:
    """Print the tables that were asked for; exit 2 if no scan could be used."""
    _check(options)
    with shown_progress() as progress:
        session = _Session(options, progress, _loader(options))
        for wanted, part in (
            (options.cases, _cases),
            (options.folds, _folds),
            (options.far or options.negatives, _far),
            (options.robustness, _robustness),
            (options.vertebrae or options.label_maps or options.views, _vertebrae),
            (options.deviations is not None, _deviations),
            (options.confidence or options.claims, _confidence),
        ):
            if wanted:
                part(session)
    print("\n\n".join(table.text() for table in session.tables))
    if options.markdown is not None:
        write_atomically(options.markdown, "\n".join(table.markdown() for table in session.tables))
    if options.output is not None:
        write_json(session.content, options.output)
    for name, reason in session.refused.items():
        print(f"spineview: {name} left out: {reason}", file=sys.stderr)
    return 0 if session.tables else 2


def _check(options: argparse.Namespace) -> None:
    check_writable(options.output, ".json")
    check_writable(options.markdown, ".md")
    check_writable(options.diagram, ".svg")
    scans = options.cases or options.folds or options.far or options.negatives or options.label_maps
    if not (scans or options.deviations is not None or options.claims or options.views):
        raise BadConfiguration("cli.nothing_to_evaluate")
    if (options.far is None) != (options.centrelines is None):
        raise BadConfiguration("cli.far_without_centrelines")
    if options.robustness and not (options.cases or options.folds):
        raise BadConfiguration("cli.robustness_without_labels")
    if options.cases:
        from segmentation.evaluation.cases import find_cases

        find_cases(options.cases)


def _loader(options: argparse.Namespace) -> Callable[[Path | None], Engine]:
    """Make a function from weights (None: those of ``--model``) to an engine; the last one stays loaded."""
    last: dict[Path | None, Engine] = {}

    def load(weights: Path | None) -> Engine:
        from segmentation.inference.engine import Engine  # takes seconds

        if weights not in last:
            last.clear()
            last[weights] = Engine(model=weights or options.model, device=options.device)
        return last[weights]

    return load


def _cases(session: _Session) -> None:
    from segmentation.evaluation.report import evaluate
    from segmentation.evaluation.tables import case_tables

    options, engine = session.options, session.load(None)
    report = evaluate(options.cases, engine, options.mode, engine.model.sha256, session.progress)
    session.tables += case_tables(report)
    session.content |= report.to_json()
    session.refused |= report.refused
    session.scored += [(options.cases / case.name, None, case) for case in report.cases]


def _folds(session: _Session) -> None:
    from segmentation.evaluation.folds import evaluate_folds, folds_table, read_folds

    folds = read_folds(session.options.folds)
    report = evaluate_folds(folds, session.load, session.options.mode, session.progress)
    if report.cases:
        session.tables.append(folds_table(report))
    session.content["folds"] = report.to_json()
    session.refused |= report.refused
    session.scored += [(case.folder, case.weights, case.report) for case in report.cases]


def _far(session: _Session) -> None:
    from segmentation.evaluation.distant_false_positives import (
        distant_table,
        evaluate_distant,
        evaluate_negatives,
        labelled_rows,
    )

    options, engine = session.options, session.load(None)
    reports = {}
    if options.far:
        reports["far"] = evaluate_distant(options.far, options.centrelines, engine, options.mode, session.progress)
    if options.negatives:
        reports["negatives"] = evaluate_negatives(options.negatives, engine, options.mode, session.progress)
    rows: list[DistantRow] = labelled_rows(case for _, _, case in session.scored) if options.far else []
    for name, report in reports.items():
        rows += report.rows
        session.content[name] = report.to_json()
        session.refused |= report.refused
    if rows:
        session.tables.append(distant_table(rows))


def _vertebrae(session: _Session) -> None:
    from segmentation.cli.options.name_tables import named_cases, named_label_maps, named_views
    from segmentation.evaluation.vertebra_scores import vertebra_table

    options = session.options
    namer, found = _namer(options), {}
    if options.cases and options.vertebrae:
        engine = session.load(None)
        for title, true_masks in (("vertebrae", False), ("vertebrae of the reference's spine", True)):
            found[title] = named_cases(options.cases, engine, namer, session.progress, true_masks)
    if options.label_maps:
        found["vertebrae of label maps, without CT"], refused = named_label_maps(
            options.label_maps, namer, session.progress
        )
        session.refused |= refused
    if options.views:
        found["vertebrae of drawn views"] = named_views(options.views, namer, session.progress)
    for title, scores in found.items():
        if scores:
            session.tables.append(vertebra_table(scores, f"{title}, {namer.model.id}"))
    session.content["vertebrae"] = {title: [one.to_json() for one in scores] for title, scores in found.items()}


def _deviations(session: _Session) -> None:
    from segmentation.evaluation.cases import read_case
    from segmentation.evaluation.deviations.measure import deviation_table, deviations, measured, phantoms

    options = session.options
    namer, weights, rows = _namer(options), _weights_of_cases(options), []
    for folder, model in weights.items() if weights else [(None, None)]:
        engine = session.load(model)
        copies = deviations(read_case(folder), options.deviations) if folder else phantoms(options.deviations)
        some, claims = measured(copies, _answering(engine, namer), engine.model_id, session.progress)
        rows += some
        session.claims += claims
    session.tables.append(deviation_table(rows))
    session.content["deviations"] = [row.to_json() for row in rows]


def _confidence(session: _Session) -> None:
    from segmentation.evaluation.reliability import (
        SCAN,
        VERTEBRA,
        claims_of_cases,
        claims_to_json,
        draw_reliability,
        read_claims,
        reliability_table,
    )

    options, claims = session.options, session.claims
    if options.confidence and options.deviations is None:
        weights, namer = _weights_of_cases(options), _namer(options)
        claims += claims_of_cases(
            list(weights), lambda case: _answering(session.load(weights[case]), namer), session.progress
        )
    for report in options.claims or ():
        claims += read_claims(report)
    claims = list(dict.fromkeys(claims))  # what two reports say of one scan counts once
    session.tables += [reliability_table(claims, kind) for kind in (VERTEBRA, SCAN)]
    session.content["confidence"] = claims_to_json(claims)
    if options.diagram is not None:
        draw_reliability(claims, options.diagram, ", ".join(sorted({claim.case for claim in claims})))


def _namer(options: argparse.Namespace) -> Namer:
    from segmentation.inference.name_vertebrae import NAMES_MODEL, Namer

    return Namer(options.names_model or NAMES_MODEL)


def _weights_of_cases(options: argparse.Namespace) -> dict[Path, Path | None]:
    """List the cases of ``--cases``, which ``--model`` segments, and of ``--folds``, each with its own weights."""
    from segmentation.evaluation.cases import find_cases
    from segmentation.evaluation.folds import read_folds

    weights: dict[Path, Path | None] = dict.fromkeys(find_cases(options.cases)) if options.cases else {}
    return weights | (dict(read_folds(options.folds).cases) if options.folds else {})


def _answering(engine: Engine, namer: Namer) -> Callable[[Volume], Answer]:
    from segmentation.evaluation.reliability import Answer

    engine.namer = namer

    def segmented(volume: Volume) -> Answer:
        spine, trust = engine.segment(volume), engine.confidence
        assert trust is not None
        assert spine.vertebrae is not None
        named = spine.vertebrae
        return Answer(spine.labels > 0, named.labels, named.vertebrae, trust, named.sure)

    return segmented


def _robustness(session: _Session) -> None:
    from segmentation.evaluation.robustness import robustness, robustness_table, rows_to_json

    rows = []
    for folder, weights, case in session.scored:
        rows += robustness(folder, session.load(weights), case, session.options.mode, session.progress)
    if rows:
        session.tables.append(robustness_table(rows))
    session.content["robustness"] = rows_to_json(rows)
