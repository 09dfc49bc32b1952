from __future__ import annotations

from pathlib import Path

import pytest

from segmentation.errors import BadConfiguration
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
