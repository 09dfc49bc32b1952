"""One viewer session: a trame server of its own for one browser page on one study."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.status import WS_1009_MESSAGE_TOO_BIG
from starlette.websockets import WebSocket, WebSocketDisconnect
from trame_server import Server

from segmentation.analysis.label_statistics import LabelStatistics
from segmentation.core.errors import InputError
from webapp.accounts.rights import Right
from webapp.context import RequestContext
from webapp.http.errors import WebError, not_found
from webapp.pacs.sending import send_back
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.dicom.objects import is_de_identified
from webapp.storage.mask_files import mask_statistics, read_names
from webapp.storage.tables import Job, Mask, Study
from webapp.translations import Translate, messages, translate
from webapp.viewer.limits import BoundedMessages, MessageRefused, bound_endpoint
from webapp.viewer.page import build_page, initial_state
from webapp.viewer.state import job_row, latest_masks, mask_colours, mask_row, no_job, shown_after

log = logging.getLogger(__name__)

Known = dict[str, tuple[dict[int, LabelStatistics], dict[str, Any] | None]]
"""By mask id: the statistics of each label, and the names of vertebrae."""

POLL_ACTIVE_S = 0.4
POLL_IDLE_S = 2.0


class ViewerSession:
    """State of one page. The store stays the only home of jobs and masks: this mirrors it to the browser.

    Must be used from one event loop; the store is only touched from worker threads.

    Attributes:
        who: Who acts on the page, for the audit trail: whoever opened its last socket.
        principal: The same, with what they may do.
    """

    def __init__(self, token: str, study: Study, context: RequestContext) -> None:
        self.token = token
        self.study = study
        self.who = context.who
        self.principal = context.principal
        self._store = context.services.store
        self._jobs = context.services.jobs
        self._archives = context.services.archives
        self._t: Translate = translate(context.language)
        self._lang = context.language
        self._server: Any = Server(name=f"study-{token}")
        self._server.client_type = "vue3"
        self._task: asyncio.Task[Any] | None = None
        self._poll: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._seen: list[str] = []
        self.sockets = 0

    @property
    def state(self) -> Any:
        """The trame state shared with the browser."""
        return self._server.state

    async def start(self) -> None:
        """Build the page and start the trame server (no port is opened)."""
        self.state.update(initial_state(self.study, self._lang, self._t))
        self._server.controller.trigger("segment")(self._segment)
        self._server.controller.trigger("cancel")(self._cancel)
        self._server.controller.trigger("send")(self._send)
        self.state.rights = sorted(self.principal.rights)
        await self._offer_archives()
        self.state.job = no_job()
        build_page(self._server, self._t)
        await self._look()
        self._task = self._server.start(
            backend="generic",
            exec_mode="task",
            show_connection_info=False,
            open_browser=False,
            disable_logging=True,
            timeout=0,
        )
        await self._server.ready
        endpoint = self._server._server.ws
        bound_endpoint(endpoint, self.state.to_dict())
        _keep_faults_here(endpoint)

    async def serve(self, websocket: WebSocket) -> None:
        """Carry messages between an accepted socket and the trame server until the socket closes."""
        endpoint = self._server._server.ws
        connection = await endpoint.connect()
        endpoint.unchunkers[connection.client_id] = BoundedMessages()

        async def send(is_binary: bool, payload: Any) -> None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the browser may be gone
                await (websocket.send_bytes(payload) if is_binary else websocket.send_text(payload))

        connection.on_message(send)
        self.sockets += 1
        self._start_polling()
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                data = message.get("bytes")
                if data is not None:
                    await connection.send(True, SimpleNamespace(data=data))
        except MessageRefused as refusal:
            log.warning("a socket of study %s is closed: %s", self.study.id, refusal)
            await websocket.close(WS_1009_MESSAGE_TOO_BIG)
        finally:
            self.sockets -= 1
            await endpoint.disconnect(connection)
            if not self.sockets:
                await self._stop_polling()

    async def close(self) -> None:
        """Stop the trame server; the session cannot be used again."""
        await self._stop_polling()
        await self._server.stop()
        if self._task is not None:
            await self._task
            self._task = None

    def _start_polling(self) -> None:
        self._wake.set()
        if self._poll is None:
            self._poll = asyncio.create_task(self._watch())

    async def _stop_polling(self) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await poll

    async def _watch(self) -> None:
        """Mirror the store for as long as someone looks."""
        while True:
            self._wake.clear()
            try:
                await self._look()
            except (OSError, SQLAlchemyError):  # a full disk, a locked database: look again later
                log.exception("the viewer of study %s cannot read the store", self.study.id)
            pause = POLL_ACTIVE_S if self.state.job["active"] else POLL_IDLE_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def _look(self) -> None:
        study, job, masks, files, reviews = await asyncio.to_thread(self._read)
        with self.state:
            self.state.gone = study is None
            self.state.reviews_version = reviews
            self.state.job = job_row(job, self._t, messages(self._lang))
            self._show(masks, files)

    def _read(self) -> tuple[Study | None, Job | None, list[Mask], Known, str]:
        study_id = self.study.id
        masks = latest_masks(self._store.masks.of_study(study_id))
        known = [mask.id for mask in masks] == self._seen
        files = (
            {}
            if known
            else {mask.id: (mask_statistics(self._store, mask), read_names(self._store, mask)) for mask in masks}
        )
        reviews = self._store.reviews.version(study_id)
        return self._store.studies.get(study_id), self._store.jobs.latest(study_id), masks, files, reviews

    def _show(self, masks: list[Mask], files: Known) -> None:
        ids = [mask.id for mask in masks]
        if ids == self._seen:
            return
        chosen = self.state.colours  # a user's own colours stay
        self.state.default_colours = {mask.id: mask_colours(mask) for mask in masks}
        self.state.masks = [mask_row(mask, files[mask.id][0], self._t, files[mask.id][1]) for mask in masks]
        self.state.colours = {mask.id: chosen.get(mask.id) or mask_colours(mask) for mask in masks}
        self.state.shown = shown_after(self.state.shown, self._seen, masks)
        self.state.version = " ".join(ids)
        self._seen = ids

    async def _segment(self) -> None:
        """Start a job; with a result on the page it says "Segment again", which means to compute again."""
        anew = any(mask["kind"] == "model" for mask in self.state.masks)
        owner = str(self.who) if self.principal.kind == "one person" else self.principal.owner
        ask = partial(self._jobs.submit, self.study.id, who=self.who, owner=owner, anew=anew)
        await self._ask(ask, "segment")

    async def _cancel(self) -> None:
        await self._ask(partial(self._jobs.cancel_study, self.study.id, who=self.who), "segment")

    async def _offer_archives(self) -> None:
        """Say to which archives a result may go back: none of a study that is not, or no longer, theirs."""
        self.state.pacs = []
        if not self._archives.names or self.study.original != DICOM_FOLDER:
            return
        try:
            removed = await asyncio.to_thread(is_de_identified, self._store, self.study)
        except (InputError, OSError):
            return
        if removed:
            self._say_sending(self._t("viewer.send.de_identified"))
        else:
            self.state.pacs = self._archives.names

    async def _send(self, mask_id: str, pacs: str) -> None:
        if self.state.sending["busy"]:
            return
        self._say_sending(self._t("viewer.sending", name=pacs), busy=True)
        try:
            self.principal.require("send")
            await asyncio.to_thread(self._send_own, mask_id, pacs)
        except (WebError, InputError) as error:
            shown = error.problem.shown(messages(self._lang))
            self._say_sending(f"{shown['message']} {shown['hint']}".strip(), failed=True)
        except (OSError, ValueError):
            log.exception("a result of study %s could not be sent", self.study.id)
            self._say_sending(self._t("viewer.store_failed"), failed=True)
        else:
            self._say_sending(self._t("viewer.sent", name=pacs))

    def _send_own(self, mask_id: str, pacs: str) -> None:
        """Send a mask of this study: the page may ask for any."""
        mask = self._store.masks.get(mask_id)
        if mask is None or mask.study_id != self.study.id:
            raise not_found("mask")
        send_back(self._store, self._archives, mask_id, pacs, self.who)

    def _say_sending(self, text: str, busy: bool = False, failed: bool = False) -> None:
        with self.state:
            self.state.sending = {"text": text, "busy": busy, "failed": failed}

    async def _ask(self, action: Callable[[], object], right: Right) -> None:
        try:
            self.principal.require(right)
            await asyncio.to_thread(action)
        except WebError as error:
            self.state.problem = error.problem.message.text(messages(self._lang))
        except (OSError, SQLAlchemyError):
            log.exception("the viewer of study %s cannot write to the store", self.study.id)
            self.state.problem = self._t("viewer.store_failed")
        else:
            self.state.problem = ""
        self._wake.set()


def _keep_faults_here(endpoint: Any) -> None:
    """Tell a browser that its call failed, without the traceback and the paths of this machine that wslink sends."""
    send_error = endpoint.sendWrappedError

    async def send(rpcid: str, code: int, message: str, data: object = None, client_id: object = None) -> None:
        shown = {"method": data.get("method")} if isinstance(data, dict) else data
        await send_error(rpcid, code, message, shown, client_id=client_id)

    endpoint.sendWrappedError = send
