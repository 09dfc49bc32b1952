import asyncio
import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from webapp.app import build_app
from webapp.asgi import LATER
from webapp.http.on_demand import OnDemand
from webapp.pages.access import access_pages
from webapp.pages.routes import pages
from webapp.rest import BLUEPRINTS, build_rest
from webapp.services import make_services
from webapp.settings import Settings


def test_those_who_come_meanwhile_wait_for_the_same_application():
    built = []

    def build():
        built.append(PlainTextResponse("here"))
        return built[-1]

    async def three():
        app = OnDemand(build)
        return [*await asyncio.gather(app.load(), app.load()), await app.load()]

    assert asyncio.run(three()) == built * 3


def test_one_who_goes_away_does_not_take_it_from_the_others():
    async def one_leaves():
        app = OnDemand(lambda: PlainTextResponse("here"))
        leaving = asyncio.ensure_future(app.load())
        await asyncio.sleep(0)
        leaving.cancel()
        return await app.load()

    assert asyncio.run(one_leaves()).body == b"here"


def test_a_fault_in_building_is_told_and_the_next_to_ask_builds_again():
    faults = [OSError("disk")]

    def build():
        if faults:
            raise faults.pop()
        return PlainTextResponse("here")

    async def twice():
        app = OnDemand(build)
        with pytest.raises(OSError, match="disk"):
            await app.load()
        return await app.load()

    assert asyncio.run(twice()).body == b"here"


def test_every_address_of_the_api_leads_to_it_and_none_of_a_page(settings: Settings):
    services = make_services(settings)
    routes = [re.sub("{[^}]*}", "x", each.path) for each in build_rest(services).routes if not isinstance(each, Mount)]
    rules = [re.sub("<[^>]*>", "x", each.rule) for each in build_app(services, *BLUEPRINTS).url_map.iter_rules()]
    assert len(routes) > 20
    assert len(rules) > 50
    assert [path for path in routes + rules if not LATER.fullmatch(path)] == []
    own = [re.sub("<[^>]*>", "x", each.rule) for each in build_app(services, pages, access_pages).url_map.iter_rules()]
    assert [path for path in own if LATER.fullmatch(path)] == []
    services.store.close()
