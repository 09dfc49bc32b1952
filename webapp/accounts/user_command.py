"""The command ``spineview user``: accounts and groups, beside a running server or without one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from webapp.accounts.sign_in import checked_name, invite
from webapp.enumerations import ROLES
from webapp.http.errors import WebError, not_found
from webapp.settings import Settings, load_settings
from webapp.storage.access.accounts import Account
from webapp.storage.audit import Who
from webapp.storage.store import Store


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what is to be done, and the data folder."""
    command.add_argument("action", choices=("add", "list", "change", "disable", "enable", "reset", "remove", "group"))
    command.add_argument("name", nargs="?", default="", help="of the account; for group, of the group that is added")
    command.add_argument("--role", choices=ROLES, help="what the account may do (viewer)")
    command.add_argument("--groups", metavar="NAME,NAME", help="whose studies it sees; replaces those it had")
    command.add_argument("--single-sign-on", action="store_true", help="it signs in at the identity provider alone")
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")


def run(options: argparse.Namespace) -> int:
    """Do it; what a person must open to set a password is printed."""
    settings = load_settings(data_dir=options.data)
    store = Store(settings.data_dir, settings.rows_at)
    try:
        if not options.name and options.action != "list":
            raise WebError(400, "bad_request", "field.missing", field="name")
        _ACTIONS[options.action](store, settings, options)
    except WebError as error:
        shown = error.problem.shown()
        sys.stderr.write(f"spineview: {shown['message']} {shown['hint']}\n")
        return 2
    finally:
        store.close()
    return 0


def _add(store: Store, settings: Settings, options: argparse.Namespace) -> None:
    name = checked_name(options.name)
    made = store.accounts.add(name, options.role or "viewer", _groups(options) or (), options.single_sign_on)
    _record(store, "add-account", f"{made.name} {made.role}")
    _invite(store, settings, made)


def _list(store: Store, _settings: Settings, _options: argparse.Namespace) -> None:
    for each in store.accounts.all():
        marks = [mark for mark, holds in (("disabled", each.disabled), ("second factor", each.second_factor)) if holds]
        sys.stdout.write("\t".join((each.name, each.role, ",".join(each.groups), ", ".join(marks))).rstrip() + "\n")


def _change(store: Store, _settings: Settings, options: argparse.Namespace) -> None:
    changed = store.accounts.change(_account(store, options).id, role=options.role, groups=_groups(options))
    _record(store, "change-account", f"{changed.name} {changed.role}, groups: {', '.join(changed.groups)}")


def _disable(store: Store, _settings: Settings, options: argparse.Namespace) -> None:
    changed = store.accounts.change(_account(store, options).id, disabled=True)
    _record(store, "change-account", f"{changed.name} disabled")


def _enable(store: Store, _settings: Settings, options: argparse.Namespace) -> None:
    changed = store.accounts.change(_account(store, options).id, disabled=False)
    _record(store, "change-account", f"{changed.name} enabled")


def _reset(store: Store, settings: Settings, options: argparse.Namespace) -> None:
    account = _account(store, options)
    store.accounts.reset(account.id)
    _record(store, "reset-account", account.name)
    _invite(store, settings, account)


def _remove(store: Store, _settings: Settings, options: argparse.Namespace) -> None:
    removed = store.accounts.remove(_account(store, options).id)
    _record(store, "remove-account", removed.name)


def _group(store: Store, _settings: Settings, options: argparse.Namespace) -> None:
    store.accounts.add_group(options.name.strip())
    _record(store, "add-group", options.name.strip())


_ACTIONS = {
    "add": _add,
    "list": _list,
    "change": _change,
    "disable": _disable,
    "enable": _enable,
    "reset": _reset,
    "remove": _remove,
    "group": _group,
}


def _account(store: Store, options: argparse.Namespace) -> Account:
    found = store.accounts.named(options.name)
    if found is None:
        raise not_found("account")
    return found


def _groups(options: argparse.Namespace) -> list[str] | None:
    if options.groups is None:
        return None
    return [name.strip() for name in options.groups.split(",") if name.strip()]


def _invite(store: Store, settings: Settings, account: Account) -> None:
    if account.single_sign_on:
        return
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    link = base + invite(store, account.name)
    sys.stdout.write(f"{account.name} sets a password, once and within a day, at {link}\n")


def _record(store: Store, action: str, detail: str) -> None:
    store.audit.record(Who("command line"), action, "", detail)
