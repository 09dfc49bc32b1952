"""The command ``spineview audit``: verify the audit trail, or export it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from webapp.accounts.audit_export import FORMATS
from webapp.settings import load_settings
from webapp.storage.store import Store


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what is to be done, and the data folder."""
    command.add_argument("action", choices=("verify", "export"))
    command.add_argument("--format", choices=sorted(FORMATS), default="atna", help="of export (atna)")
    command.add_argument("--since", type=int, default=0, metavar="NUMBER", help="export what came after this line")
    command.add_argument("--head", metavar="HASH", help="of verify: a hash noted before, which must be in the trail")
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")


def run(options: argparse.Namespace) -> int:
    """Verify or export; exit 1 if the trail was tampered with."""
    settings = load_settings(data_dir=options.data)
    store = Store(settings.data_dir, settings.rows_at)
    try:
        if options.action == "export":
            write = FORMATS[options.format]
            for entry in store.audit.since(options.since):
                sys.stdout.write(write(entry) + "\n")
            return 0
        return _verify(store, options.head)
    finally:
        store.close()


def _verify(store: Store, head: str | None) -> int:
    faults = store.audit.verify()
    for fault in faults:
        sys.stderr.write(f"spineview: line {fault}\n")
    latest = store.audit.latest(1)
    if head and not any(entry.hash == head for entry in store.audit.since(0)):
        faults.append("head")
        sys.stderr.write(f"spineview: the hash {head} is not in the trail\n")
    if faults:
        return 1
    number, last = (latest[0].number, latest[0].hash) if latest else (0, "")
    sys.stdout.write(f"{number} lines, each follows from the one before. The last hash is {last}\n")
    return 0
