"""What is refused, with the place named and nothing touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge, document, file, unit

UNITS = "/etc/systemd/system/"
SOURCES = "/etc/apt/sources.list.d/sovereign-edge-"
MODULES = "/etc/modules-load.d/60-sovereign-edge-role.conf"
OFF = {"enabled": False, "running": False}
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZexample\n=AbCd\n-----END PGP PUBLIC KEY BLOCK-----\n"
SOURCE = {"uris": "https://deb.example.org", "suites": "trixie", "components": "main", "key": KEY}


def refusal(data: bytes) -> str:
    with pytest.raises(converge.Refused) as caught:
        converge.parse_desired(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"fils": {}}, "fils is an unknown field"),
        ({"files": {"/etc/x": {**file("x"), "modes": 1}}}, 'files["/etc/x"].modes is an unknown field'),
        ({"files": {"/etc/x": {"mode": "0644", "owner": "root:root"}}}, 'files["/etc/x"].text is missing'),
        ({"files": []}, "files has to be an object"),
        ({"files": {"/etc/x": file("x", mode="rw")}}, 'files["/etc/x"].mode has to be an octal mode'),
        ({"files": {"etc/x": file("x")}}, 'files["etc/x"] has to be an absolute path'),
        ({"files": {"/etc/../x": file("x")}}, 'files["/etc/../x"] has to be a plain path'),
        ({"files": {"/etc//x": file("x")}}, 'files["/etc//x"] has to be a plain path'),
        ({"files": {"/etc/x\n": file("x")}}, "has characters"),
        ({"files": {"/proc/x": file("x")}}, "belongs to converge.py or the kernel"),
        ({"files": {"/var/lib/sovereign-edge/secrets/x": file("x")}}, "belongs to converge.py or the kernel"),
        ({"files": {"/etc/x": file("x")}, "links": {"/etc/x": {"target": "y"}}}, 'links["/etc/x"] is also in files'),
        ({"files": {"/a": file("x"), "/a/b": file("x")}}, 'files["/a/b"] is below files["/a"]'),
        ({"files": {"/a": file("{{secret:k}}", mode="0640")}}, 'the secret "k", which `secrets` does not name'),
        ({"files": {"/a": file("{{secret:k}}", mode="0604")}, "secrets": {"k": 1}}, "must give others nothing"),
        ({"files": {"/a": file("{{adress:k}}")}}, "unknown kind of reference"),
        ({"units": {"x.service": unit(reloadOn={"/a": True})}}, 'units["x.service"].reloadOn names "/a"'),
        ({"units": {"-x.service": unit()}}, 'units["-x.service"] has to be the whole name of a systemd unit'),
        ({"units": {"x.timer": {"enabled": 1, "running": True}}}, 'units["x.timer"].enabled has to be true or false'),
        ({"actions": {"a": {"argv": [], "on": {}}}}, 'actions["a"].argv has to be a list'),
        ({"actions": {"a": {"argv": ["x"], "on": {"/b": True}}}}, 'actions["a"].on names "/b"'),
        ({"checks": {"a": {"within": 1}}}, 'checks["a"] has to have one of'),
        ({"checks": {"a": {"within": 0, "tcp": "h:1"}}}, 'checks["a"].within has to be a whole number'),
        ({"packages": {"-o": {}}}, 'packages["-o"] has to be the name of a package'),
        (
            {"artifacts": {"/o": {"url": "file:///etc/passwd", "sha256": "", "bytes": 1, "arch": "any"}}},
            'artifacts["/o"].url has to be an http',
        ),
        ({"artifacts": {"/o": {"url": "http://x/", "sha256": "0" * 64, "bytes": 1, "arch": "arm"}}}, "arch has to be"),
        ({"rollback": "maybe"}, "rollback has to be config, binary or never"),
        ({"requires": {"disk": {"srv": 1}}}, 'requires.disk["srv"] has to be an absolute path'),
        ({"requires": {"pageSize": 0}}, "requires.pageSize has to be a whole number from 4096"),
        ({"requires": {"os": {"debian": True}}}, 'requires.os["debian"] has to be a system such as debian-13'),
        ({"sources": {"x": SOURCE, "y": {**SOURCE, "key": "mQIN"}}}, 'sources["y"].key has to be an ASCII-armored'),
        ({"sources": {"x": {**SOURCE, "suites": "./"}}}, 'sources["x"].components has to be empty'),
        ({"sources": {"x": {**SOURCE, "components": ""}}}, 'sources["x"].components has to be empty'),
        ({"sources": {"x": SOURCE}, "files": {SOURCES + "x.sources": file("")}}, "is also in sources"),
        ({"modules": {"wireguard": {}}, "links": {MODULES: {"target": "x"}}}, "is also in modules"),
        ({"modules": {"br-netfilter": {}}}, 'modules["br-netfilter"] has to be the name of a kernel module'),
        ({"packages": {"x1": {"hold": False}}}, 'packages["x1"].hold has to be true'),
        ({"users": {"x": {"home": "/x", "groups": {"-a": True}}}}, 'users["x"].groups["-a"] has to be the name'),
        ({"groups": {"0": {}}}, 'groups["0"] has to be the name of a user or group'),
        ({"images": {"docker.io/library/caddy:2": {}}}, "has to be a container image by its digest"),
        ({"units": {"x": OFF}}, 'units["x"] has to be the whole name of a systemd unit'),
        ({"units": {"sovereign-edge-recover.service": OFF}}, "has to be the whole name of a systemd unit"),
        ({"units": {"x.service": unit(masked=True)}}, 'units["x.service"].enabled has to be false'),
        ({"units": {"x.service": {**OFF, "masked": True}}, "files": {UNITS + "x.service": file("")}}, "is masked, and"),
        ({"files": {UNITS + "x.service.d/limits": file("")}}, "is no drop-in that systemd reads"),
        ({"links": {UNITS + "x.service.d/a.txt": {"target": "x"}}}, "is no drop-in that systemd reads"),
        ({"files": {"/a": file("{{address:no node}}")}}, '"address:no node", which is not the name of a node'),
        ({"files": {"/a": file("{{wireguard:}}")}}, '"wireguard:", which is not the name of a node'),
        ({"checks": {"a": {"within": 1, "tcp": "h:65536"}}}, 'checks["a"].tcp has to be host:port'),
        ({"checks": {"a": {"within": 1, "tcp": "h:1", "when": "after"}}}, 'checks["a"].when has to be before or'),
        ({"jobs": {"a": {"argv": ["x"], "done": []}}}, 'jobs["a"].done has to be a list of at least one string'),
        ({"backup": {"argv": ["x"]}}, "backup is for a role whose rollback is binary or never"),
        ({"confirm": {"window": 9}}, "confirm.window has to be a whole number from 10 to 600"),
        ({"confirm": {}, "rollback": "never"}, "confirm needs a role that can be undone"),
        ({"sysctl": {"kernel/../../etc/passwd": "x"}}, "has to be the name of a kernel setting"),
        ({"files": {"/run/sovereign-edge/x.order": file("")}}, "belongs to converge.py or the kernel"),
        ({"files": {"/etc/.sovereign-edge.new/x": file("")}}, "belongs to converge.py or the kernel"),
    ],
)
def test_refused_naming_the_place(sections: dict[str, Any], words: str) -> None:
    assert words in refusal(document(**sections))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "not JSON"),
        (document()[:-5], "not JSON"),
        (b"[]", "the document has to be an object"),
        (b"[" * 100_000, "nested too deep"),
        (document().replace(b'"version": 1', b'"version": 1.5'), "version has to be a whole number"),
        (document().replace(b'"version": 1', b'"version": 1.0'), "version has to be a whole number"),
        (document().replace(b'"version": 1', b'"version": NaN'), "version has to be a whole number"),
        (document().replace(b'"version": 1', b'"version": ' + b"9" * 4_000_000), "version has to be a whole number"),
        (b'{"version": 1, "version": 1}', 'the key "version" stands twice'),
        (document().replace(b'"role": "role"', b'"role": "../etc"'), "role has to be a name"),
        (document(files={"/a": file("\ud800")}), 'files["/a"].text has half of a surrogate pair'),
        (document(removal={"a": {"argv": ["x", "\udfff"]}}), 'removal["a"].argv[1] has half of a surrogate pair'),
        (b'{"a": 1, ' + b'"b": 1, ' * 500_000 + b'"c": 1}', 'the key "b" stands twice'),
    ],
)
def test_refused_as_a_whole(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_other_architecture_is_refused() -> None:
    other = "arm64" if converge.os.uname().machine == "x86_64" else "amd64"
    artifact = {"url": "http://x/", "sha256": "0" * 64, "bytes": 1, "arch": other}
    assert f'artifacts["/o"] is for {other}; this machine is' in refusal(document(artifacts={"/o": artifact}))


def test_first_document_decides_whose_machine_it_is(node: Node) -> None:
    node.secrets(k=(1, "value"))
    foreign = document(files={"/etc/x": file("x")}).replace(b"alice", b"mallory")
    with pytest.raises(converge.Refused, match='node is "mallory", but this machine is alice of fleet dev'):
        converge.apply(node.machine, foreign)
    with pytest.raises(converge.Refused, match="fleet is"):
        converge.finish(node.machine, json.dumps(roster(fleet="other")).encode())
    assert not node.path("/etc/x").exists()


def roster(**changes: Any) -> dict[str, Any]:
    return {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "roles": {}, **changes}


def test_refused_document_records_no_identity(node: Node) -> None:
    with pytest.raises(converge.Refused, match='the secret "k" is wanted in generation 1, but this machine never got'):
        node.apply(secrets={"k": 1}, files={"/etc/x": file("{{secret:k}}", mode="0600")})
    assert not node.path("/var/lib/sovereign-edge/node.json").exists()
    assert not node.path("/etc/x").exists()


def test_hash_is_that_of_canonical_json() -> None:
    # sha256 of {"fleet":"dev","incarnation":1,"node":"alice","role":"r","version":1}
    data = document("r")
    assert converge.parse_desired(data)[1] == converge.parse_desired(b"  " + data + b"\n")[1]
    text = b'{"fleet":"dev","incarnation":1,"node":"alice","role":"r","version":1}'
    assert converge.parse_desired(data)[1] == converge.hashlib.sha256(text).hexdigest()


def test_limit_of_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 11)
    with (tmp_path / "big").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        with pytest.raises(converge.Refused, match="larger than"):
            converge.read_input(10)
