"""REST under /api/v1: studies, their jobs and masks. Uploads and files are native routes: uploads.py, files.py."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request

from segmentation.core.labels import label_of
from segmentation.vertebrae.renaming import BadRenaming, moved, renamed
from webapp.api import schemas
from webapp.api.access.account import account
from webapp.api.access.administration import administration
from webapp.api.access.shares import shares
from webapp.api.editing.routes import editing
from webapp.api.imports import imports
from webapp.api.list_cache import ListCache, SentList
from webapp.api.measurements import measurements
from webapp.api.measures.routes import measures
from webapp.api.navigation.routes import navigation
from webapp.api.operations import json_route
from webapp.api.queue.batches import batches
from webapp.api.reviews import reviews
from webapp.api.schemas import API
from webapp.api.system import system
from webapp.context import job_owner, language, principal, services, who
from webapp.http.errors import WebError, not_found
from webapp.http.sub_path import outward
from webapp.ingest.admission import shown_alias
from webapp.storage.listed import Visible
from webapp.storage.mask_files import read_names, rename_labels
from webapp.storage.tables import Job, Mask, Study
from webapp.translations import translate

api = Blueprint("api", __name__, url_prefix=API)
api.record_once(lambda state: state.app.extensions.update({"spineview.lists": ListCache()}))
api.register_blueprint(measurements)
api.register_blueprint(measures)
api.register_blueprint(reviews)
api.register_blueprint(imports)
api.register_blueprint(editing)
api.register_blueprint(batches)
api.register_blueprint(navigation)
api.register_blueprint(system)
api.register_blueprint(account)
api.register_blueprint(administration)
api.register_blueprint(shares)


@api.get("/studies")
@json_route(
    "studies",
    schemas.StudyList,
    errors=(400,),
    query=schemas.PageQuery,
    cached=True,
    headers={"Link": "Address of the next page, where there is one"},
)
def list_studies(query: schemas.PageQuery) -> Response:
    """List studies, newest first; all of them, or a page and in the header Link the address of the next.

    The ETag is a weak one: it stays while nothing but the clock changes the answer (``elapsed_s`` of a running job).
    """
    studies = services().store.studies
    response = Response(mimetype="application/json", headers={"Cache-Control": "private, no-cache"})
    response.vary.update(("Accept-Language", "Cookie"))
    visible = principal().visible
    tag = f"{studies.version}-{language()}-{_short_hash(repr(visible) + query.search)}"  # before the rows are read
    response.set_etag(tag, weak=True)
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        return response
    cache: ListCache = current_app.extensions["spineview.lists"]
    made = cache.get((tag, query.limit, query.after), lambda: _list(query, visible, language(), cache))
    if made.following:
        response.headers["Link"] = f'<{outward(made.following)}>; rel="next"'
    response.set_data(made.body)
    return response


def _list(query: schemas.PageQuery, visible: Visible, lang: str, cache: ListCache) -> SentList:
    studies = services().store.studies
    listed = studies.page(query.limit and query.limit + 1, query.after, visible, query.search.strip())
    following = ""
    if query.limit is not None and len(listed) > query.limit:
        listed = listed[: query.limit]
        parameters = {"limit": query.limit, "after": listed[-1].sequence}
        if query.search:
            parameters["search"] = query.search  # type: ignore[assignment]
        following = f"{API}/studies?{urlencode(parameters)}"
    sent = [cache.study(each, lang, lambda new: schemas.Study.of_listed(new).to_bytes(lang)) for each in listed]
    return SentList(b'{"studies":[%s]}' % b",".join(sent), following)


@api.post("/studies/demo")
@json_route("studies", schemas.Study, 201, errors=(400, 404), query=schemas.GroupQuery)
def create_demo(query: schemas.GroupQuery) -> schemas.Study:
    """Add the synthetic demo study, with its reference."""
    title = translate(language())("home.demo_name")
    study = services().admission.admit_demo(who(), title, principal().group_for_new(query.group))
    return schemas.Study.of(services().store, study)


@api.get("/studies/<study_id>")
@json_route("studies", schemas.Study, errors=(404,))
def get_study(study_id: str) -> schemas.Study:
    """Read one study."""
    return schemas.Study.of(services().store, _study(study_id))


@api.patch("/studies/<study_id>")
@json_route("studies", schemas.Study, errors=(404,), body=schemas.ChangedStudy)
def change_study(study_id: str, body: schemas.ChangedStudy) -> schemas.Study:
    """Give a study another alias, or another group."""
    study, store = _study(study_id), services().store
    if body.group is not None:
        if principal().kind == "one person":
            raise not_found("group")
        store.studies.regroup(study.id, principal().group_for_new(body.group))
        store.audit.record(who(), "regroup", study.id, body.group)
    if body.name is not None:
        name = shown_alias(body.name)
        if not name:
            raise WebError(400, "bad_request", "field.wrong", field="name")
        store.studies.rename(study.id, name)
        store.audit.record(who(), "rename", study.id)
    return schemas.Study.of(store, study)


@api.delete("/studies/<study_id>")
@json_route("studies", None, 204, errors=(404,))
def delete_study(study_id: str) -> None:
    """Remove a study, its masks and its jobs; what runs on it is cancelled."""
    _study(study_id)
    services().jobs.cancel_study(study_id, who())
    services().store.studies.delete(study_id, who())


@api.get("/studies/<study_id>/display.json")
@json_route("studies", schemas.Display, errors=(404,))
def get_display(study_id: str) -> schemas.Display:
    """Read what a viewer needs to draw a study."""
    return schemas.Display.of(services().store, _study(study_id))


@api.post("/studies/<study_id>/jobs")
@json_route("jobs", schemas.Job, 202, errors=(403, 404), body=schemas.NewJob, body_required=False)
def create_job(study_id: str, body: schemas.NewJob | None) -> schemas.Job:
    """Queue a segmentation, or read the open job of this study instead of queuing a second one."""
    _study(study_id)
    wanted = body or schemas.NewJob(task="segment", priority=None, anew=False)
    if wanted.priority == "urgent":
        principal().require("urgent")
    job = services().jobs.submit(study_id, wanted.task, who(), job_owner(), wanted.priority, wanted.anew)
    return schemas.Job.of(job)


@api.get("/studies/<study_id>/jobs")
@json_route("jobs", schemas.JobList, errors=(404,))
def list_jobs(study_id: str) -> schemas.JobList:
    """List all jobs of a study, newest first."""
    _study(study_id)
    return schemas.JobList(jobs=[schemas.Job.of(job) for job in services().store.jobs.of_study(study_id)])


@api.get("/studies/<study_id>/masks")
@json_route("masks", schemas.MaskList, errors=(404,))
def list_masks(study_id: str) -> schemas.MaskList:
    """List all masks of a study, newest first."""
    _study(study_id)
    store = services().store
    return schemas.MaskList(masks=[schemas.Mask.of(store, mask) for mask in store.masks.of_study(study_id)])


@api.get("/masks/<mask_id>")
@json_route("masks", schemas.Mask, errors=(404,))
def get_mask(mask_id: str) -> schemas.Mask:
    """Read one mask."""
    return schemas.Mask.of(services().store, _mask(mask_id))


@api.get("/masks/<mask_id>/vertebrae")
@json_route("masks", schemas.NamedVertebrae, errors=(404,))
def get_vertebrae(mask_id: str) -> schemas.NamedVertebrae:
    """Read the names, places and confidence of the vertebrae of a mask of kind ``vertebrae``."""
    names = read_names(services().store, _mask(mask_id))
    if names is None:
        raise not_found("file")
    return schemas.NamedVertebrae.of(names)


@api.delete("/masks/<mask_id>")
@json_route("masks", None, 204, errors=(404, 409, 507))
def delete_mask(mask_id: str) -> None:
    """Remove one mask that the model made; its reviews stay. A reference goes with its study alone."""
    if _mask(mask_id).kind == "reference":
        raise WebError(409, "reference", "mask.reference_stays")
    services().store.masks.delete(mask_id, who())


@api.post("/masks/<mask_id>/levels")
@json_route("masks", schemas.Mask, 201, errors=(404, 409, 422), body=schemas.NewLevels)
def rename_levels(mask_id: str, body: schemas.NewLevels) -> schemas.Mask:
    """Name the vertebrae of a mask anew; they become a new version of it, which leaves the mask as it is."""
    mask = _mask(mask_id)
    if mask.label_map_kind != "vertebrae" or mask.kind == "reference":
        raise WebError(422, "bad_renaming", "levels.not_named")
    numbers = _numbers(mask, body)
    made = rename_labels(services().store, mask, numbers, who())
    detail = " ".join(f"{label_of(old).name}>{label_of(new).name}" for old, new in numbers.items())
    services().store.audit.record(who(), "rename", mask.study_id, detail)
    return schemas.Mask.of(services().store, made)


def _numbers(mask: Mask, body: schemas.NewLevels) -> dict[int, int]:
    if body.shift is not None:
        return moved(mask.labels, body.shift)
    if body.label is None or body.to is None:
        raise BadRenaming("levels.unknown")
    return renamed(mask.labels, body.label, body.to, body.follow)


@api.get("/jobs/<job_id>")
@json_route("jobs", schemas.Job, errors=(404,))
def get_job(job_id: str) -> schemas.Job:
    """Read one job."""
    return schemas.Job.of(_job(job_id))


@api.delete("/jobs/<job_id>")
@json_route("jobs", schemas.Job, 202, errors=(404,))
def cancel_job(job_id: str) -> schemas.Job:
    """Ask a job to stop."""
    return schemas.Job.of(services().jobs.cancel(job_id, who()))


def _study(study_id: str) -> Study:
    study = services().store.studies.get(study_id)
    if study is None:
        raise not_found("study")
    return study


def _job(job_id: str) -> Job:
    job = services().store.jobs.get(job_id)
    if job is None:
        raise not_found("job")
    return job


def _mask(mask_id: str) -> Mask:
    mask = services().store.masks.get(mask_id)
    if mask is None:
        raise not_found("mask")
    return mask


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
