"""A server with accounts, groups, studies and every kind of person, as quick as tests need it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from argon2 import PasswordHasher

from segmentation.core.volume import LabelMap
from tests.webapp.support import BONE_HU, BoneEngine, small_volume
from webapp.accounts import passwords
from webapp.asgi import create_asgi
from webapp.settings import Settings
from webapp.storage.mask_files import write_mask
from webapp.storage.measurements import Fields as MeasurementFields
from webapp.storage.reviews import Fields as ReviewFields
from webapp.storage.store import Store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2, which nothing else here needs
    from starlette.testclient import TestClient

PASSWORD = "four words are easy"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def quick_hashes() -> Iterator[None]:
    """Hash with little work."""
    before = passwords.HASHER
    passwords.HASHER = QUICK
    passwords._nobody.cache_clear()
    try:
        yield
    finally:
        passwords.HASHER = before
        passwords._nobody.cache_clear()


@dataclass
class Hospital:
    """The server, and a study with one object of every kind that belongs to the group "spine"."""

    app: Any
    portal: Any
    store: Store
    study: str
    objects: dict[str, str]

    def client(self, **headers: str) -> TestClient:
        """A browser of its own."""
        client = TestClient(self.app, base_url="http://testserver", raise_server_exceptions=False, headers=headers)
        client.portal = self.portal  # one event loop for all, as in a server
        return client

    def signed_in(self, name: str, password: str = PASSWORD) -> TestClient:
        """A browser in which somebody is signed in."""
        client = self.client()
        answer = client.post("/api/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return client

    def with_token(self, name: str, scope: str) -> TestClient:
        """A program with an API token."""
        account = self.store.accounts.named(name)
        secret, _ = self.store.credentials.add_token(account.id, "test", scope, 3600)
        return self.client(Authorization=f"Bearer {secret}")

    def by_link(self, study: str, kind: str) -> TestClient:
        """A browser that opened a share link."""
        account = self.store.accounts.named("clinician")
        secret, _ = self.store.credentials.add_share(study, account.id, kind, 3600)
        client = self.client()
        assert client.post("/api/v1/share-session", json={"secret": secret}).status_code == 200
        return client


def add_account(store: Store, name: str, role: str, groups: tuple[str, ...] = ()) -> str:
    """Add an account whose password is PASSWORD."""
    account = store.accounts.add(name, role, groups)
    store.accounts.set_password(account.id, passwords.hashed(PASSWORD))
    return account.id


def add_study(store: Store, services: Any, group: str | None) -> dict[str, str]:
    """Add the demo's smaller sister, with one object of every kind that belongs to a study."""
    from segmentation.writers import write_volume
    from webapp.ingest.admission import Upload

    volume = small_volume()
    folder = store.stage()
    write_volume(volume, folder / "original.nii.gz")
    study = services.admission.admit(Upload(folder, "ct.nii.gz", "original.nii.gz", group=group), "somebody")
    staged = store.stage()
    labels = LabelMap((volume.hu > BONE_HU).astype(np.uint8), volume.grid, "spine")
    mask = write_mask(labels, volume, staged, study.id, "model", "m", None)
    job = store.jobs.add(study.id)
    store.jobs.claim()
    assert store.jobs.complete(job.id, mask, staged, "done")
    measured = store.measurements.add(
        study.id, MeasurementFields("distance", "axial", [[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]], "", {})
    )
    review = store.reviews.add(study.id, ReviewFields("accepted", [0.0, 0.0, 0.0], "", "", None), "somebody")
    return {"study": study.id, "job": job.id, "mask": mask.id, "measurement": measured.id, "review": review.id}


@contextmanager
def hospital(data_dir: Path, **settings: Any) -> Iterator[Hospital]:
    """Start a server with accounts: one of each role in the group "spine", a clinician in "knee", and a study."""
    with quick_hashes():
        app = create_asgi(Settings(data_dir=data_dir, min_free_bytes=0, accounts=True, **settings), BoneEngine)
        with TestClient(app) as main:
            services = app.state.services
            store: Store = app.state.store
            for group in ("spine", "knee"):
                store.accounts.add_group(group)
            for role in ("viewer", "reviewer", "clinician"):
                add_account(store, role, role, ("spine",))
            add_account(store, "administrator", "administrator")
            add_account(store, "outsider", "clinician", ("knee",))
            objects = add_study(store, services, "spine")
            own = store.accounts.named("clinician")
            _, share = store.credentials.add_share(objects["study"], own.id, "view", 3600)
            objects["share"] = share.id
            yield Hospital(app, main.portal, store, objects["study"], objects)
