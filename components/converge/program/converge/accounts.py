"""Groups, users, and which groups a user is in."""

from __future__ import annotations

from _collections_abc import Iterable, Mapping

from converge.documents import UserSpec
from converge.durable import text_of
from converge.errors import Failed, enumerate_some
from converge.machine import Machine


def missing_groups(machine: Machine, groups: Iterable[str]) -> list[str]:
    """Groups that the machine does not have."""
    return sorted(group for group in groups if machine.owner(f"0:{group}") is None)


def make_group(machine: Machine, group: str) -> None:
    """Makes a system group."""
    machine.run(f"group {group}", ["groupadd", "--system", group])
    machine.forget_accounts()


def user_differs(machine: Machine, user: str, spec: UserSpec) -> bool:
    """Whether a user is missing, has another home or shell, lacks its primary group, or is not in all its groups. Home
    and shell of a person are that person's own affair, once the account is there."""
    line = machine.account(user)
    if line is None or lacks_group(machine, line):
        return True
    if spec["person"]:
        differs = is_closed(machine, user) or not is_person(line)
    else:
        differs = line[5:7] != [spec["home"], spec["shell"]]
    if differs:
        return True
    return bool(missing_memberships(machine, {user: spec}))


def lacks_group(machine: Machine, account: list[str]) -> bool:
    """Whether a user's primary group is not there: useradd writes it after the user, and may be cut off between."""
    return all(line[2:3] != account[3:4] for line in _group_lines(machine))


def missing_memberships(machine: Machine, users: Mapping[str, UserSpec]) -> dict[str, list[str]]:
    """user → groups that it should be in and is not. A user's own group, its primary one, needs no membership."""
    result = {}
    members = group_members(machine) if any(spec["groups"] for spec in users.values()) else {}
    for user, spec in users.items():
        line = machine.account(user)
        own = line[3] if line else ""
        left = [group for group in sorted(spec["groups"]) if user not in members.get(group, set())]
        left = [group for group in left if not own or own != _gid(machine, group)]
        if left:
            result[user] = left
    return result


def group_members(machine: Machine) -> dict[str, set[str]]:
    """Who is in each group by /etc/group."""
    return {line[0]: set(filter(None, line[3].split(","))) for line in _group_lines(machine)}


def _group_lines(machine: Machine) -> list[list[str]]:
    lines = [line.split(":") for line in text_of(machine.at("/etc/group")).splitlines()]
    return [line for line in lines if len(line) == 4]


def _gid(machine: Machine, group: str) -> str:
    found = machine.owner(f"0:{group}")
    return str(found[1]) if found else ""


def make_user(machine: Machine, user: str, spec: UserSpec, made: bool) -> None:
    """Makes a user, or gives a system user that we made (`made`) another home and shell; then its groups."""
    account = machine.account(user)
    options = ["--home", spec["home"], "--shell", spec["shell"], user]
    if account is None:
        group = ["-g", user] if machine.owner(f"0:{user}") else ["--user-group"]
        # No password is right, and the account is not locked for that: some sshd turn a locked one away.
        person = ["--create-home", "--password", "*", *group]
        kind = person if spec["person"] else ["--system", *group, "--no-create-home"]
        machine.run(f"user {user}", ["useradd", *kind, *options])
    elif spec["person"]:
        open_account(machine, user, account)
    elif account[5:7] != [spec["home"], spec["shell"]]:
        if not made:
            raise Failed(foreign_user(user, account, spec))
        machine.run(f"user {user}", ["usermod", *options])
    elif lacks_group(machine, account):
        machine.run(f"user {user}", ["groupadd", "--system", "--gid", account[3], user])
    machine.forget_accounts()
    for groups in missing_memberships(machine, {user: spec}).values():
        absent = missing_groups(machine, groups)
        if absent:
            raise Failed(f"user {user}: there is no group {enumerate_some(absent)}; add it to groups, or its package")
        machine.run(f"user {user}", ["usermod", "--append", "--groups", ",".join(groups), user])
    machine.forget_accounts()


FIRST_PERSON = 1000
"""The lowest number of an account that is not the system's own (Debian Policy §9.2.2)."""


def is_person(account: list[str]) -> bool:
    """Whether a line of /etc/passwd is an account of a person."""
    return int(account[2]) >= FIRST_PERSON


def is_closed(machine: Machine, user: str) -> bool:
    """Whether an account ended on the first day of all (shadow(5)), as `close_account` leaves it."""
    lines = (line.split(":") for line in text_of(machine.at("/etc/shadow")).splitlines())
    return any(line[0] == user and line[7:8] == ["1"] for line in lines)


def open_account(machine: Machine, user: str, account: list[str]) -> None:
    """Lets a person in whose account is there. Raises Failed when it is the system's own."""
    if not is_person(account):
        raise Failed(f"user {user}: is an account of the system's own here (number {account[2]}), and no person's")
    if is_closed(machine, user):
        machine.run(f"user {user}", ["usermod", "--expiredate", "", user])


def close_account(machine: Machine, user: str) -> None:
    """Ends a person's account and what runs in its sessions: no key and no password lets in any more (usermod(8))."""
    machine.run(f"user {user}", ["usermod", "--expiredate", "1", user])
    # Fails where the person is not logged in.
    machine.system.run(["loginctl", "terminate-user", user], 30)


def foreign_user(user: str, account: list[str], spec: UserSpec) -> str:
    """Why a user that was here before us is not changed."""
    return (
        f"user {user}: was on this machine before, with home {account[5]} and shell {account[6]};"
        f" wanted are {spec['home']} and {spec['shell']}"
    )


def membership(user: str, group: str) -> str:
    """The name under which a membership is recorded; neither part can hold a colon."""
    return f"{user}:{group}"


def end_memberships(machine: Machine, names: Iterable[str]) -> list[str]:
    """Takes users out of groups (`user:group`) that we put them in. Returns those that were still in."""
    ended = []
    for name in sorted(names):
        user, _, group = name.partition(":")
        if user in group_members(machine).get(group, set()):
            machine.run(f"user {user}", ["gpasswd", "-d", user, group])
            machine.forget_accounts()
            ended.append(name)
    return ended


def remove_group(machine: Machine, group: str) -> bool:
    """Removes a group of ours; one that is some user's primary group stays. Whether it is gone."""
    if machine.owner(f"0:{group}") is None:
        return True
    result = machine.system.run(["groupdel", group])
    machine.forget_accounts()
    if result.code not in (0, 8):
        raise Failed(f"group {group}: groupdel failed (exit {result.code})", result.output)
    return result.code == 0
