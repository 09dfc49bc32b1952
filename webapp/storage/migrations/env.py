"""What alembic runs: the scripts of ``versions``, on the connection that ``upgrade.py`` hands over.

After a change of the tables, copy the newest script, raise its number, and add the number to ``upgrade.REVISIONS``;
a test compares the tables that the scripts make with those of ``webapp/storage/tables.py``.
"""

from __future__ import annotations

from alembic import context

from webapp.storage.access import tables as _access  # noqa: F401 - its tables are Base's, too
from webapp.storage.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
