"""Schemas of the API, one a resource: each checks what comes in, makes what goes out, and documents both."""

from webapp.api.schemas.base import API, Answer, Query, Request
from webapp.api.schemas.display import Display
from webapp.api.schemas.errors import Error, ErrorDetail, Note
from webapp.api.schemas.health import Engine, Health
from webapp.api.schemas.imports import ChosenSeries, Import
from webapp.api.schemas.jobs import Job, JobList, NewJob
from webapp.api.schemas.levels import NewLevels
from webapp.api.schemas.masks import TRIANGLES, Mask, MaskList, SurfaceQuery, VersionQuery
from webapp.api.schemas.measurements import Measurement, MeasurementList, NewMeasurement
from webapp.api.schemas.pacs import (
    ArchiveNames,
    Fetch,
    FoundSeries,
    FoundSeriesList,
    FoundStudies,
    FoundStudy,
    Search,
    Send,
    Sent,
    Transfer,
)
from webapp.api.schemas.reviews import NewReply, NewReview, Review, ReviewChange, ReviewList, ViewQuery
from webapp.api.schemas.studies import ChangedStudy, GroupQuery, PageQuery, Study, StudyList
from webapp.api.schemas.vertebrae import NamedVertebrae

__all__ = [
    "API",
    "TRIANGLES",
    "Answer",
    "ArchiveNames",
    "ChangedStudy",
    "ChosenSeries",
    "Display",
    "Engine",
    "Error",
    "ErrorDetail",
    "Fetch",
    "FoundSeries",
    "FoundSeriesList",
    "FoundStudies",
    "FoundStudy",
    "GroupQuery",
    "Health",
    "Import",
    "Job",
    "JobList",
    "Mask",
    "MaskList",
    "Measurement",
    "MeasurementList",
    "NamedVertebrae",
    "NewJob",
    "NewLevels",
    "NewMeasurement",
    "NewReply",
    "NewReview",
    "Note",
    "PageQuery",
    "Query",
    "Request",
    "Review",
    "ReviewChange",
    "ReviewList",
    "Search",
    "Send",
    "Sent",
    "Study",
    "StudyList",
    "SurfaceQuery",
    "Transfer",
    "VersionQuery",
    "ViewQuery",
]
