"""REST of plans, registrations and checks, listed and added under a study; every one that was made stays."""

from __future__ import annotations

from flask import Blueprint

from webapp.api.navigation import checking, work
from webapp.api.navigation.schemas import (
    CheckedScrew,
    CheckedScrews,
    HistoryQuery,
    NewPlan,
    NewRegistration,
    NewScrewCheck,
    NewTouch,
    Plan,
    PlanList,
    Registration,
    RegistrationList,
    Touch,
    TouchList,
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


@navigation.post("/studies/<study_id>/screw-checks")
@json_route("navigation", CheckedScrews, errors=(404, 409, 422), body=NewScrewCheck)
def check_screws(study_id: str, body: NewScrewCheck) -> CheckedScrews:
    """Check screws while they are moved; nothing is kept."""
    found = work.check_screws(store_with(study_id), study_id, body)
    return CheckedScrews(screws=[CheckedScrew(**each) for each in found])


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


@navigation.get("/studies/<study_id>/checks")
@json_route("navigation", TouchList, errors=(400, 404), query=HistoryQuery)
def list_checks(study_id: str, query: HistoryQuery) -> TouchList:
    """List the newest checks of a study's registrations, newest first."""
    store = store_with(study_id)
    found = numbers(store, study_id, "check")[: -query.limit - 1 : -1]
    return TouchList(checks=[Touch.of(document(store, study_id, "check", number)) for number in found])


@navigation.post("/studies/<study_id>/checks")
@json_route("navigation", Touch, 201, errors=(404, 409, 422), body=NewTouch)
def create_check(study_id: str, body: NewTouch) -> Touch:
    """Check a registration by a touch of a known place, or of one that was touched before."""
    store = store_with(study_id)
    made = checking.make_check(store, study_id, body, who())
    store.audit.record(
        who(), "check", study_id, f"{made['number']}: registration {made['registration']} {made['state']}"
    )
    return Touch.of(made)


@navigation.get("/studies/<study_id>/tracker")
@json_route("navigation", Tracker, errors=(404,))
def get_tracker(study_id: str) -> Tracker:
    """Tell whether there is a tracker, and where the live view is."""
    store_with(study_id)
    configured = bool(services().settings.tracker)
    return Tracker(configured=configured, live_url=f"/studies/{study_id}/live" if configured else "")
