"""REST of batches: several studies segmented together, with one progress and one way to cancel."""

from __future__ import annotations

from flask import Blueprint

from webapp.api.operations import json_route
from webapp.api.queue.schemas import Batch, BatchList, BatchSummary, NewBatch
from webapp.context import job_owner, principal, services, who
from webapp.http.errors import not_found
from webapp.storage.queue.batches import Batch as StoredBatch

batches = Blueprint("batches", __name__)


@batches.get("/batches")
@json_route("batches", BatchList)
def list_batches() -> BatchList:
    """List one's own batches, newest first; the latest hundred."""
    return BatchList(batches=[BatchSummary.of(each) for each in services().store.batches.of_owner(job_owner())])


@batches.post("/batches")
@json_route("batches", Batch, 201, errors=(403, 404), body=NewBatch)
def create_batch(body: NewBatch) -> Batch:
    """Queue a segmentation of each study; of a study with an open job, that job is part of the batch."""
    asks, store = principal(), services().store
    if body.priority == "urgent":
        asks.require("urgent")
    wanted = list(dict.fromkeys(body.studies))
    for study_id in wanted:
        if not asks.sees(store.places.of("study", study_id)):
            raise not_found("study")
    made = services().jobs.submit_batch(wanted, who(), job_owner(), body.priority, body.anew)
    return Batch.of(made)


@batches.get("/batches/<batch_id>")
@json_route("batches", Batch, errors=(404,))
def get_batch(batch_id: str) -> Batch:
    """Read a batch and its jobs."""
    return Batch.of(_batch(batch_id))


@batches.delete("/batches/<batch_id>")
@json_route("batches", Batch, 202, errors=(404,))
def cancel_batch(batch_id: str) -> Batch:
    """Cancel the open jobs of a batch; jobs that were open before it go on."""
    services().jobs.cancel_batch(_batch(batch_id), who())
    return Batch.of(_batch(batch_id))


def _batch(batch_id: str) -> StoredBatch:
    batch = services().store.batches.get(batch_id)
    if batch is None:
        raise not_found("batch")
    return batch
