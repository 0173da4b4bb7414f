"""Whatever comes on standard input ends in words, and the rest of the world stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mutations import COMPLETE, Spoiler
from sandbox import Guard, Sandbox

from converge_support import converge

KINDS = {
    "desired": ("apply", converge.parse_desired),
    "secrets": ("secrets", converge.parse_secrets),
    "roster": ("finish", converge.parse_roster),
    "install": ("install", converge.parse_install),
}
PARSED = int(os.environ.get("HOSTILE_PARSED", "120000"))
"""Inputs for the parsers alone."""
MACHINES = int(os.environ.get("HOSTILE_MACHINES", "200"))
"""Machines that get a dozen inputs each, one after the other."""
CANARY = "canary-6f2a91"
FIELDS = [*{name for document in COMPLETE.values() for name in document}]
NAMED = re.compile(
    r"standard input (is|is not|is larger) |the document has to be an object$"
    r'|the key ".*" stands twice in one object$|.* is an unknown field$'
    rf"|({'|'.join(FIELDS)})\b"
)
"""How a refusal begins that says what is wrong where."""


class Noise:
    """Inputs of every kind that a broken or hostile sender could send."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.spoiler = Spoiler(seed)

    def bytes_for(self, kind: str) -> bytes:
        """One input; most are close to a right one."""
        if kind == "any":
            kind = self.random.choice([*KINDS])
        text = json.dumps(self.spoiler.spoiled(kind), ensure_ascii=self.random.random() < 0.5)
        data = text.encode("utf-8", "surrogatepass")
        ways = [self._cut, self._flipped, self._junk, self._deep, self._long_number, self._doubled, self._odd_coding]
        return data if self.random.random() < 0.6 else self.random.choice(ways)(data)

    def _cut(self, data: bytes) -> bytes:
        return data[: self.random.randint(0, len(data))]

    def _flipped(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self.random.randint(1, 8)):
            at = self.random.randrange(len(changed))
            changed[at : at + self.random.randint(0, 2)] = self.random.choice(
                [
                    b"",
                    b'"',
                    b"{",
                    b"}",
                    b"[",
                    b",",
                    b":",
                    b"\\",
                    b"\0",
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"1e9",
                    b"null",
                    b"NaN",
                ]
            )
        return bytes(changed)

    def _junk(self, _data: bytes) -> bytes:
        return self.random.randbytes(self.random.randint(0, 400))

    def _deep(self, data: bytes) -> bytes:
        depth = self.random.choice((1, 10, 500, 2000, 20000))
        opening, closing = self.random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[[],", b"]")))
        return self._in_place_of_something(data, opening * depth + b"1" + closing * depth)

    def _long_number(self, data: bytes) -> bytes:
        number = self.random.choice((b"9" * 30, b"-" + b"1" * 5000, b"0." + b"3" * 400, b"1e999", b"-0", b"1.0"))
        return self._in_place_of_something(data, number)

    def _in_place_of_something(self, data: bytes, other: bytes) -> bytes:
        values = [match.span() for match in re.finditer(rb'(?<=: )("[^"]*"|\d+|true|\{\})', data)]
        if not values:
            return other
        start, end = self.random.choice(values)
        return data[:start] + other + data[end:]

    def _doubled(self, data: bytes) -> bytes:
        return self.random.choice(
            (data + data, data[:-1] + b', "version": 1}', b"[" + data + b"]", data + b"\0", b" " + data)
        )

    def _odd_coding(self, data: bytes) -> bytes:
        text = data.decode("utf-8", "replace")
        return self.random.choice((b"\xef\xbb\xbf" + data, text.encode("utf-16"), text.encode("latin-1", "replace")))


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch, clock: Any) -> Iterator[None]:
    """No network, no compiled files beside the program's, waits that are over soon, and an end for what hangs."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(clock, "sleep", lambda seconds: setattr(clock, "slept", clock.slept + max(seconds, 20)))
    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    signal.alarm(0)
    for number, handler in handlers.items():
        signal.signal(number, handler)


class Hung(BaseException):
    """A run that does not end; nothing in converge.py can take it for a failure of its own."""


def hung(_number: int, _frame: object) -> None:
    raise Hung


def refusal(kind: str, data: bytes) -> str:
    """Why an input is refused; empty when it is taken."""
    try:
        KINDS[kind][1](data)
    except converge.Refused as refused:
        return str(refused) or "refused without a word"
    return ""


def test_parsers(record_property: Any) -> None:
    """Taken or refused, never anything else, and every refusal names the place."""
    noise, seen = Noise(seed=1), Counter[str]()
    signal.signal(signal.SIGALRM, hung)
    for number in range(PARSED):
        kind = ("desired", "desired", "desired", "secrets", "roster", "install")[number % 6]
        data = noise.bytes_for(kind if number % 10 else "any")
        if kind == "secrets":
            data = data.replace(b"line one", CANARY.encode())
        signal.alarm(20)
        why = refusal(kind, data)
        seen["refused" if why else "taken"] += 1
        assert not why or NAMED.match(why), (why, data[:2000])
        assert CANARY not in why, (why, data[:2000])
        assert len(why) < 600, why
        assert "\n" not in why, why
    record_property("inputs", PARSED)
    assert min(seen["taken"], seen["refused"]) > PARSED // 20, seen


class Flood:
    """A hundred megabytes of the same."""

    def __init__(self, filler: bytes) -> None:
        self.filler = filler
        self.left = 100 * 1024 * 1024

    def read(self, size: int = -1) -> bytes:
        """What a file's read gives."""
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return (self.filler * (size // len(self.filler) + 1))[:size]


@pytest.mark.parametrize("verb", ["apply", "secrets", "finish", "install"])
@pytest.mark.parametrize("filler", [b" ", b"[", b'{"a":', b"\xff", b'"' + b"x" * 1023])
def test_a_hundred_megabytes(
    verb: str, filler: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    """Refused for its size, before the rest is even read."""
    flood, sandbox = Flood(filler), Sandbox(tmp_path, Guard())
    before = sandbox.inside()
    answer = sandbox.run(monkeypatch, flood, verb)
    assert answer == (64, "refused: standard input is larger than 8 MB. Nothing was touched.\n")
    assert flood.left > 90 * 1024 * 1024
    assert sandbox.inside() == before
    record_property("inputs", 1)


def test_eight_megabytes() -> None:
    """What is just not too large ends as soon."""
    signal.signal(signal.SIGALRM, hung)
    signal.alarm(60)
    size = converge.LIMIT
    for data in (b"[" * size, b'{"a":' * (size // 5), b"9" * size, b'"' + b"x" * (size - 2) + b'"', b"\0" * size):
        with pytest.raises(converge.Refused):
            converge.parse_desired(data)
    keys = ",".join(f'"{number}":1' for number in range(200_000))
    for text in (f"{{{keys}}}", f'{{{keys},"199999":1}}', f'{{"files":{{{keys}}}}}'):
        with pytest.raises(converge.Refused):
            converge.parse_desired(text.encode())


class Story:
    """What happens to one machine: documents one after the other, with things planted between them."""

    def __init__(self, place: Path, guard: Guard, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311
        self.noise = Noise(seed)
        self.sandbox = Sandbox(place, guard)

    def inputs(self) -> Iterator[tuple[str, bytes]]:
        """The verbs and what they get: half of it is right, so that there is something to spoil."""
        if self.dice.random() < 0.8:
            yield "secrets", json.dumps(COMPLETE["secrets"]).encode()
        for _ in range(12):
            chance = self.dice.random()
            if chance < 0.35:
                yield "apply", json.dumps(self._desired()).encode()
            elif chance < 0.45:
                yield "finish", json.dumps(self._roster()).encode()
            elif chance < 0.5:
                program = hashlib.sha256(PROGRAM).hexdigest()
                yield "install", json.dumps({**COMPLETE["install"], "program": program}).encode()
            else:
                kind = self.dice.choice(["desired", "desired", "desired", "secrets", "roster", "install"])
                yield KINDS[kind][0], self.noise.bytes_for(kind if self.dice.random() < 0.9 else "any")

    def _roster(self) -> dict[str, Any]:
        """A roster of some of the roles that are on the machine."""
        manifests = self.sandbox.root.glob("var/lib/sovereign-edge/roles/*.json")
        roles = {file.stem: json.loads(file.read_text())["hash"] for file in manifests if self.dice.random() < 0.6}
        return {**COMPLETE["roster"], "roles": {role: found for role, found in roles.items() if found}}

    def _desired(self) -> dict[str, Any]:
        """A right desired state; without downloads, and with those who own its files, it can come to its end."""
        document = {**self.noise.spoiler.right("desired"), "users": COMPLETE["desired"]["users"]}
        document["secrets"], document["groups"] = COMPLETE["desired"]["secrets"], COMPLETE["desired"]["groups"]
        document.pop("artifacts", None)
        for section in ("units", "links", "backup"):
            if self.dice.random() < 0.5:
                document.pop(section, None)
        if "checks" in document:
            document["checks"] = {"x": {"argv": ["true"], "within": 5}}
        document["role"] = self.dice.choice(("web", "other"))
        return document


PROGRAM = json.dumps({"converge.py": "pass\n", "converge/__init__.py": "", "converge/main.py": "x = 1\n"}).encode()
INTERNAL = re.compile(r"\b\w+ in (converge\.py|\w+\.py), line \d+|Traceback")


def test_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    """Each run says how it ended, a refusal touches nothing, and nothing outside the machine is ever written."""
    guard, seen, inputs = Guard(), Counter[str](), 0
    signal.signal(signal.SIGALRM, hung)
    monkeypatch.setattr("converge.install.bundle", PROGRAM)
    for seed in range(MACHINES):
        story = Story(tmp_path / str(seed), guard, seed)
        sandbox = story.sandbox
        for verb, data in story.inputs():
            for _ in range(story.dice.choice((0, 0, 1, 3))):
                sandbox.plant(story.dice)
            before, world = sandbox.inside(), sandbox.outside()
            signal.alarm(30)
            code, words = sandbox.run(monkeypatch, data, verb)
            case = (seed, verb, code, words, data[:3000])
            assert guard.breaches == [], case
            assert sandbox.outside() == world, case
            assert code in (0, 1, 64, 75), case
            assert words.strip(), case
            assert len(words.splitlines()) <= 10, case
            assert not INTERNAL.search(words), case
            if code == 64:
                assert words.startswith("refused: "), case
                assert words.endswith(". Nothing was touched.\n"), case
                assert sandbox.inside() == before, case
                assert sandbox.node.system.calls == [], case
            seen[f"{verb} {code}"] += 1
            inputs += 1
    record_property("inputs", inputs)
    assert guard.writes > inputs
    rare = MACHINES >= 100
    for ending in ("apply 0", "apply 1", "apply 64", "apply 75", "secrets 0", "secrets 64", "finish 0", "install 64"):
        assert seen[ending] > 0 or not rare, (ending, seen)


FILE = {"mode": "0640", "owner": "me:me", "text": "x"}
FOLDERS = {"/var/lib/web": {"mode": "0755", "owner": "me:me"}, "/var/lib/web/sub": {"mode": "0750", "owner": "me:me"}}
WEB = {
    **{name: COMPLETE["desired"][name] for name in ("version", "fleet", "node", "incarnation")},
    **{"role": "web", "directories": FOLDERS, "files": {"/var/lib/web/sub/conf": FILE}},
}
NOT_FOLLOWED = "/var/lib/web/sub is a link that belongs to user 1000; it is not followed"


class Victim(Sandbox):
    """A machine with one role, whose service then puts a link to the world in the place of its own directory."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, **sections: Any) -> None:
        super().__init__(place, Guard())
        self.monkeypatch = monkeypatch
        self.applied, self.words = self.send("apply", {**WEB, **sections})
        self.before = self.outside()
        converge.remove(str(self.root / "var/lib/web/sub"))
        self.link = self.root / "var/lib/web/sub"
        self.link.symlink_to(self.world / "directory")
        os.chown(self.link, 1000, 1000, follow_symlinks=False)

    def send(self, verb: str, document: Any) -> tuple[int, str]:
        """One run."""
        return self.run(self.monkeypatch, json.dumps(document).encode(), verb)

    def unharmed(self) -> bool:
        """Whether the world is as it was, and nothing tried to change it."""
        return self.guard.breaches == [] and self.outside() == self.before


@pytest.mark.parametrize("section", ["directories", "files"])
def test_apply_follows_no_link_of_a_service(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = Victim(tmp_path, monkeypatch)
    assert victim.applied == 0, victim.words
    code, words = victim.send("apply", {**{**WEB, "directories": {}, "files": {}}, section: WEB[section]})
    assert (code, NOT_FOLLOWED in words, victim.unharmed()) == (1, True, True), words


@pytest.mark.parametrize("section", ["directories", "files"])
def test_finish_follows_no_link_of_a_service(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {**COMPLETE["roster"], "roles": {}}
    both = {"/var/lib/web/sub/deep": FOLDERS["/var/lib/web/sub"]}
    only = {"files": {}, "directories": {**FOLDERS, **both}} if section == "directories" else {"directories": {}}
    victim = Victim(tmp_path, monkeypatch, **only)
    assert victim.applied == 0, victim.words
    code, words = victim.send("finish", kept)
    assert (code, NOT_FOLLOWED in words, victim.unharmed()) == (1, True, True), words
    victim.link.unlink()
    code, words = victim.send("finish", kept)
    assert (code, victim.unharmed()) == (0, True), words
    assert not victim.link.exists()


def test_undoing_follows_no_link_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = Victim(tmp_path, monkeypatch, confirm={})
    assert victim.applied == 75, victim.words
    journal = victim.root / "var/lib/sovereign-edge/journal.json"
    cut = json.loads(journal.read_text())
    cut["confirm"]["deadline"] = 0
    journal.write_text(json.dumps(cut))
    code, words = victim.send("secrets", COMPLETE["secrets"])
    assert (code, victim.unharmed(), journal.exists()) == (0, True, False), words
    manifest = json.loads((victim.root / "var/lib/sovereign-edge/roles/web.json").read_text())
    assert manifest["dirty"], manifest["result"]


@pytest.mark.parametrize("make", [os.mkfifo, lambda place: os.mknod(place, 0o600 | stat.S_IFSOCK)])
def test_no_pipe_is_looked_into(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(tmp_path, Guard())
    make(sandbox.root / "etc/web")
    signal.signal(signal.SIGALRM, hung)
    signal.alarm(20)
    document = {**WEB, "directories": {}, "files": {"/etc/web": FILE}}
    code, words = sandbox.run(monkeypatch, json.dumps(document).encode(), "apply")
    assert (code, words.splitlines()[0]) == (1, "web: /etc/web is a device, a pipe or a socket; move it away")


def test_nothing_is_fetched_for_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(tmp_path, Guard())
    document = {**WEB, **{name: COMPLETE["desired"][name] for name in ("images", "files", "secrets", "units")}}
    code, words = sandbox.run(monkeypatch, json.dumps({**document, "units": {}}).encode(), "apply")
    assert (code, "this machine never got it" in words) == (64, True), words
    assert sandbox.node.system.calls == []


def test_the_guard_hears_what_leaves(tmp_path: Path) -> None:
    guard = Guard()
    sandbox = Sandbox(tmp_path, guard)
    inner = sandbox.root / "away"
    inner.symlink_to(sandbox.world)
    acts = [
        lambda: (inner / "new").write_text("x"),
        lambda: os.rename(sandbox.root / "etc/group", inner / "group"),
        lambda: os.chmod(inner / "file", 0o600),
        lambda: os.chown(inner / "file", 0, 0),
        lambda: os.symlink("x", inner / "link"),
        lambda: os.mkdir(inner / "made"),
        lambda: os.link(inner / "file", sandbox.root / "hard"),
        lambda: converge.write_durably(str(inner / "durable"), b"x"),
        lambda: converge.remove(str(sandbox.world / "directory")),
        lambda: os.unlink(inner / "file"),
    ]
    before = sandbox.outside()
    for act in acts:
        heard = len(guard.breaches)
        with guard.within(sandbox.root), pytest.raises(PermissionError):
            act()
        assert len(guard.breaches) > heard
    assert sandbox.outside() == before
    with guard.within(sandbox.root):
        (sandbox.root / "etc/passwd").write_text("x")
        inner.unlink()
    assert len(guard.breaches) == heard + 1
