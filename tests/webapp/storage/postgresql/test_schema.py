"""Tables in PostgreSQL: what the scripts make, what a first start makes, and who may start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, inspect, text

from segmentation.core.errors import BadConfiguration
from tests.webapp.postgresql import Cluster
from webapp.storage.migrations import upgrade
from webapp.storage.postgresql import schema
from webapp.storage.postgresql.connect import engine_of
from webapp.storage.postgresql.opening import prepare
from webapp.storage.store import Store
from webapp.storage.tables import Base


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Engine]:
    engine = engine_of(cluster.database(), NullPool)
    yield engine
    engine.dispose()


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def described(engine: Engine) -> dict:
    """Everything that can be seen of the tables."""
    with engine.connect() as connection:
        found = inspect(connection)
        triggers = connection.execute(text("SELECT tgname, tgtype FROM pg_trigger WHERE NOT tgisinternal")).all()
        sequences = connection.execute(text("SELECT data_type FROM pg_sequences")).all()
        return {
            "triggers": triggers,
            "sequences": sequences,
            **{
                table: (
                    {each["name"]: (str(each["type"]), each["nullable"]) for each in found.get_columns(table)},
                    sorted(
                        (str(each["constrained_columns"]), each["referred_table"], str(each["options"]))
                        for each in found.get_foreign_keys(table)
                    ),
                    sorted(
                        (each["name"], str(each["column_names"]))
                        for each in found.get_indexes(table)
                        if not each["unique"]
                    ),
                    sorted(str(each["column_names"]) for each in found.get_unique_constraints(table)),
                )
                for table in sorted(found.get_table_names())
            },
        }


def test_the_scripts_lead_from_nothing_to_the_tables_of_this_version(empty: Engine):
    with empty.begin() as connection:
        upgrade.upgrade(connection, None)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [Base.metadata, schema.OF_POSTGRESQL]) == []
        assert context.get_current_revision() == upgrade.HEAD


def test_what_a_first_start_makes_is_what_the_scripts_make(empty: Engine, cluster: Cluster):
    with empty.begin() as connection:
        upgrade.upgrade(connection, None)
    first = engine_of(cluster.database(), NullPool)
    schema.prepare(first)
    assert described(first) == described(empty)


def test_rows_of_an_earlier_version_are_kept(empty: Engine, tmp_path: Path):
    with empty.begin() as connection:
        upgrade.upgrade(connection, None, "0004")
        connection.execute(text(
            "INSERT INTO studies VALUES ('one', 'a.nii', 1, '[1,2,3]', '[1,1,1]', 'LPS', 9, 'original.nii', NULL, NULL)"
        ))  # fmt: skip
        connection.execute(
            text("INSERT INTO audit VALUES (7, 1, 'ann', 'upload', 'one', ''), (9, 2, 'bo', 'open', 'one', '')")
        )
    store = Store(tmp_path, address(empty))
    [study] = store.studies.all()
    assert (study.id, study.name, study.size_bytes) == ("one", "a.nii", 9)
    store.audit.record("ann", "delete", "one")
    assert [entry.number for entry in store.audit.entries()] == [1, 2, 3]
    assert store.audit.verify() == []
    store.close()


def test_servers_that_start_together_do_not_collide(empty: Engine):
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(prepare, [address(empty)] * 4)) == [None] * 4
    assert schema.examine(empty) == upgrade.HEAD


def test_the_tables_of_another_version_are_left_alone(empty: Engine, tmp_path: Path):
    prepare(address(empty))
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadConfiguration, match="made by another version of SpineView"):
        Store(tmp_path, address(empty))


def test_a_folder_with_rows_of_its_own_is_not_begun_anew(empty: Engine, tmp_path: Path):
    Store(tmp_path).close()
    with pytest.raises(BadConfiguration, match="has a database of its own"):
        Store(tmp_path, address(empty))
    assert schema.examine(empty) == "new"
    Store(tmp_path / "other", address(empty)).close()
    with pytest.raises(BadConfiguration, match="are in PostgreSQL"):
        Store(tmp_path / "other")
    assert not (tmp_path / "other" / "spineview.sqlite3").exists()


def test_a_database_that_is_not_there_is_named_without_its_password(tmp_path: Path):
    with pytest.raises(BadConfiguration, match=r"cannot be used: .*Connection refused") as caught:
        Store(tmp_path, "postgresql://spineview:secret-word@127.0.0.1:9/spineview")
    seen = f"{caught.value} {caught.value.__cause__} {caught.value.problem.shown()}"
    assert "secret-word" not in seen
