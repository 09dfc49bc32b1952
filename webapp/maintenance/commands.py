"""The commands ``spineview backup``, ``restore``, ``repair`` and ``database``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.errors import InputError

if TYPE_CHECKING:
    from webapp.settings import Settings

_DONE, _WRONG = 0, 2


class Backup:
    """``spineview backup DIR``."""

    def add_options(self, command: argparse.ArgumentParser) -> None:
        """Add its options."""
        command.add_argument("target", metavar="DIR", type=Path, help="backup folder; only what is new is copied there")
        _add_data(command)
        command.add_argument("--keep", metavar="N", type=_count, help="remove all but the newest N snapshots")
        command.add_argument("--verify", action="store_true", help="read everything of this snapshot again")
        command.add_argument("--list", action="store_true", help="only say which snapshots there are")

    def run(self, options: argparse.Namespace) -> int:
        """Back up; 2 if the copy turns out damaged."""
        from webapp.maintenance import backup

        if options.list:
            for name in backup.snapshots(options.target):
                snapshot = backup.load(options.target, name)
                print(f"{name}: {snapshot.studies} studies, {len(snapshot.files)} files")
            return _DONE
        os.umask(0o077)
        settings = _settings(options)
        name, snapshot = backup.back_up(settings.data_dir, options.target, settings.rows_at)
        copied = f"{snapshot.copied_bytes / 1e6:.1f} MB copied"
        print(f"{name}: {snapshot.studies} studies, {len(snapshot.files)} files, {copied}")
        if options.verify:
            wrong = backup.verify(options.target, name)
            for path in wrong:
                print(f"damaged in the backup: {path}", file=sys.stderr)
            if wrong:
                return _WRONG
            print("verified: every file has its checksum")
        if options.keep:
            print(f"{backup.prune(options.target, options.keep)} older snapshots removed")
        return _DONE


class Restore:
    """``spineview restore DIR``."""

    def add_options(self, command: argparse.ArgumentParser) -> None:
        """Add its options."""
        command.add_argument("target", metavar="DIR", type=Path, help="backup folder")
        _add_data(command)
        command.add_argument(
            "--snapshot", metavar="NAME", help="one of `spineview backup --list`; the newest by default"
        )

    def run(self, options: argparse.Namespace) -> int:
        """Restore into a data folder that is empty."""
        from webapp.maintenance import backup

        names = backup.snapshots(options.target)
        if not names:
            raise InputError("backup.none", folder=options.target)
        os.umask(0o077)
        name = options.snapshot or names[-1]
        settings = _settings(options)
        if settings.rows_at:
            from webapp.maintenance.database_copy import check_is_empty

            check_is_empty(settings.rows_at)
        snapshot = backup.restore(options.target, name, settings.data_dir)
        if settings.rows_at:
            _copy_rows(settings, back=False)
        print(f"restored {snapshot.studies} studies of {name}, every file with its checksum")
        return _DONE


class Repair:
    """``spineview repair``."""

    def add_options(self, command: argparse.ArgumentParser) -> None:
        """Add its options."""
        _add_data(command)
        command.add_argument("--move", action="store_true", help="move what is no study from studies/ to lost/")

    def run(self, options: argparse.Namespace) -> int:
        """Repair; 2 if something is still wrong."""
        from webapp.maintenance.repair import repair

        os.umask(0o077)
        settings = _settings(options)
        report = repair(settings.data_dir, options.move, settings.rows_at)
        print(f"{report.studies} studies, {len(report.adopted)} of them taken up again from their folders")
        for name in report.adopted:
            print(f"taken up: {name}")
        for name in report.unknown:
            print(f"no study, {'moved to lost/' if report.moved else 'left as it is'}: studies/{name}")
        for name in report.lost:
            print(f"in lost/: {name}")
        for sentence in report.violations:
            print(f"wrong: {sentence}")
        return _WRONG if report.violations else _DONE


class Database:
    """``spineview database``."""

    def add_options(self, command: argparse.ArgumentParser) -> None:
        """Add its options."""
        command.add_argument("action", choices=("copy",), help="copy all rows to the PostgreSQL of the setting")
        _add_data(command)
        command.add_argument("--back", action="store_true", help="copy them from there into a file of SQLite again")

    def run(self, options: argparse.Namespace) -> int:
        """Copy all rows from one kind of database to the other; the server must not run."""
        settings = _settings(options)
        if not settings.rows_at:
            raise InputError("database.no_url")
        os.umask(0o077)
        _copy_rows(settings, options.back)
        return _DONE


def _copy_rows(settings: Settings, back: bool) -> None:
    from webapp.maintenance.database_copy import copy_back, move_to_postgresql

    copied = (copy_back if back else move_to_postgresql)(settings.data_dir, settings.rows_at)
    rows = ", ".join(f"{count} {name}" for name, count in copied.rows.items() if count)
    print(f"copied, and counted again: {rows or 'no rows'}")
    print(
        f"the audit trail is {'whole' if not copied.audit_faults else 'NOT whole: ' + '; '.join(copied.audit_faults)}"
    )
    print(copied.where)


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")


def _settings(options: argparse.Namespace) -> Settings:
    from webapp.settings import load_settings

    return load_settings(data_dir=options.data)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one snapshot is kept")
    return number


COMMANDS: dict[str, Callable[[], Backup | Restore | Repair | Database]] = {
    "backup": Backup,
    "restore": Restore,
    "repair": Repair,
    "database": Database,
}
