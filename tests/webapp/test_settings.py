from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmentation.core.errors import BadConfiguration
from webapp.settings import Settings, load_settings


def test_every_setting_is_documented():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_variable_sets_a_setting_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPINEVIEW_PORT", "9001")
    monkeypatch.setenv("SPINEVIEW_HOST", "0.0.0.0")
    settings = load_settings(port=9002, host=None, data_dir=Path("here"))
    assert (settings.port, settings.host, settings.data_dir) == (9002, "0.0.0.0", Path("here"))


def test_a_misspelt_variable_is_refused_with_the_nearest_right_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPINEVIEW_MAX_UPLOAD_BYTE", "1")
    with pytest.raises(BadConfiguration) as refusal:
        load_settings()
    assert "SPINEVIEW_MAX_UPLOAD_BYTE " in refusal.value.message
    assert refusal.value.hint == "Did you mean SPINEVIEW_MAX_UPLOAD_BYTES?"


def test_a_variable_like_no_setting_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPINEVIEW_XYZZY", "1")
    with pytest.raises(BadConfiguration) as refusal:
        load_settings()
    assert "README" in refusal.value.hint


def test_an_impossible_value_is_refused_with_its_name():
    with pytest.raises(BadConfiguration, match="port"):
        load_settings(port=70000)


def test_archives_are_named_in_json_and_their_secrets_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "token").write_text("tell-nobody-1\n")
    archives = [
        {"name": "Hospital", "url": "https://pacs.example/dicom-web/", "username": "sv", "password": "tell-nobody-2"},
        {"name": "Clinic 2", "url": "http://10.0.0.7:8042/dicom-web", "token_file": str(tmp_path / "token")},
    ]
    monkeypatch.setenv("SPINEVIEW_PACS", json.dumps(archives))
    hospital, clinic = load_settings().pacs
    assert hospital.url == "https://pacs.example/dicom-web"
    assert clinic.headers() == {"Authorization": "Bearer tell-nobody-1"}
    assert "tell-nobody" not in repr(load_settings()) + load_settings().model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "A", "url": "https://a", "password": "tell-nobody", ',
        '[{"name": "A", "url": "https://user:tell-nobody@a"}]',
        '[{"name": "A", "url": "https://a", "username": "u", "password": "tell-nobody", "token": "tell-nobody"}]',
        '[{"name": "A", "url": "https://a", "passwort": "tell-nobody"}]',
        '[{"name": "A", "url": "https://a", "password": "tell-nobody"}, {"name": "A", "url": "https://b"}]',
    ],
)
def test_a_wrong_archive_is_refused_without_its_secret(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("SPINEVIEW_PACS", text)
    with pytest.raises(BadConfiguration, match=r"(?i)pacs") as refusal:
        load_settings()
    assert "tell-nobody" not in refusal.value.message + refusal.value.hint
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    "given",
    [
        {"executor": "dask"},
        {"executor": "dask", "dask_scheduler": "10.0.0.5:8786"},
        {"executor": "dask", "dask_scheduler": "tls://10.0.0.5:8786", "dask_ca_file": "ca.pem"},
        {"executor": "celery"},
    ],
)
def test_a_scheduler_that_nobody_could_reach_is_refused(given: dict):
    with pytest.raises(BadConfiguration, match=r"scheduler|executor"):
        load_settings(**given)


def test_the_addresses_of_schedulers_are_taken():
    files = {"dask_ca_file": "ca.pem", "dask_cert_file": "cert.pem", "dask_key_file": "key.pem"}
    assert load_settings(executor="dask", dask_scheduler="tcp://node-1.hospital:8786").executor == "dask"
    assert load_settings(executor="dask", dask_scheduler="tls://[fd00::5]:8786", **files).executor == "dask"


@pytest.mark.parametrize("address", ["mysql://ann:secret-word@db/spineview", "postgresql://", "secret-word"])
def test_what_is_no_address_of_postgresql_is_refused_without_being_said(address: str):
    with pytest.raises(BadConfiguration, match="database_url") as refused:
        load_settings(database_url=address)
    assert "secret-word" not in f"{refused.value} {refused.value.__cause__}"


def test_the_password_of_a_database_is_not_shown():
    settings = load_settings(database_url="postgresql://ann:secret-word@db/spineview")
    assert "secret-word" not in f"{settings!r} {settings}"
    assert settings.rows_at == "postgresql://ann:secret-word@db/spineview"
