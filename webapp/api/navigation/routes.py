"""REST of plans and registrations, listed and added under a study; every one that was made stays."""

from __future__ import annotations

from flask import Blueprint

from webapp.api.navigation import work
from webapp.api.navigation.schemas import (
    HistoryQuery,
    NewPlan,
    NewRegistration,
    Plan,
    PlanList,
    Registration,
    RegistrationList,
    Tracker,
)
from webapp.api.operations import json_route
from webapp.context import services, store_with, who
from webapp.storage.navigation.documents import document, numbers

navigation = Blueprint("navigation", __name__)


@navigation.get("/studies/<study_id>/plans")
@json_route("navigation", PlanList, errors=(400, 404), query=HistoryQuery)
def list_plans(study_id: str, query: HistoryQuery) -> PlanList:
    """List the newest plans of a study, newest first."""
    store = store_with(study_id)
    found = numbers(store, study_id, "plan")[: -query.limit - 1 : -1]
    return PlanList(plans=[Plan.of(document(store, study_id, "plan", number)) for number in found])


@navigation.post("/studies/<study_id>/plans")
@json_route("navigation", Plan, 201, errors=(404, 409, 422), body=NewPlan)
def create_plan(study_id: str, body: NewPlan) -> Plan:
    """Propose pedicle screws, or check those that are given; they become the newest plan of the study."""
    store = store_with(study_id)
    made = work.make_plan(store, study_id, body, who())
    grades = "".join(screw["grade"] for screw in made["screws"])
    store.audit.record(who(), "plan", study_id, f"{made['number']}: {grades or 'no screw'}")
    return Plan.of(made)


@navigation.get("/studies/<study_id>/registrations")
@json_route("navigation", RegistrationList, errors=(400, 404), query=HistoryQuery)
def list_registrations(study_id: str, query: HistoryQuery) -> RegistrationList:
    """List the newest registrations of a study, newest first."""
    store = store_with(study_id)
    found = numbers(store, study_id, "registration")[: -query.limit - 1 : -1]
    return RegistrationList(
        registrations=[Registration.of(document(store, study_id, "registration", number)) for number in found]
    )


@navigation.post("/studies/<study_id>/registrations")
@json_route("navigation", Registration, 201, errors=(404, 409, 422), body=NewRegistration)
def create_registration(study_id: str, body: NewRegistration) -> Registration:
    """Register touched points to a vertebra; whatever its verdict, it becomes the newest of the study."""
    store = store_with(study_id)
    made = work.make_registration(store, study_id, body, who())
    detail = f"{made['number']}: {made['level']} {made['verdict']}"
    store.audit.record(who(), "register", study_id, detail)
    return Registration.of(made)


@navigation.get("/studies/<study_id>/tracker")
@json_route("navigation", Tracker, errors=(404,))
def get_tracker(study_id: str) -> Tracker:
    """Tell whether there is a tracker, and where the live view is."""
    store_with(study_id)
    configured = bool(services().settings.tracker)
    return Tracker(configured=configured, live_url=f"/studies/{study_id}/live" if configured else "")
