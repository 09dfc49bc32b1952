"""PostgreSQL in place of the file of SQLite, for several machines: connections, tables, copies of rows."""
