"""Secrets on the machine, and keeping them out of every text that is printed."""

from __future__ import annotations

from _collections_abc import Mapping

from converge.documents import Secret, SecretsDocument, parse_secrets
from converge.errors import Failed, Refused, enumerate_some, shown
from converge.light import dumps, suppress
from converge.lock import locked
from converge.log import Event, logged
from converge.machine import Machine
from converge.typed import TypedDict, cast


class StoredSecret(TypedDict):
    """A secret on the machine: this generation and the one before."""

    current: Secret
    previous: Secret | None


def store_secrets(machine: Machine, data: bytes) -> list[str]:
    """The verb `secrets`. Names and generations are all that is ever printed."""
    document = parse_secrets(data)
    machine.check_identity(cast("Mapping[str, object]", document))
    require_own_name(machine, document)
    with locked(machine, "secrets"):
        machine.record_identity(cast("Mapping[str, object]", document))
        stores: dict[str, object] = {}
        changed = []
        for name, secret in sorted(document["secrets"].items()):
            stored = cast("StoredSecret | None", machine.load(f"secrets/{name}.json"))
            if stored and stored["current"] == secret:
                continue
            previous = stored["current"] if stored else None
            if previous and stored and previous["generation"] == secret["generation"]:
                previous = stored["previous"]
            stores[f"secrets/{name}.json"] = {"current": secret, "previous": previous}
            changed.append(f"{name} (generation {secret['generation']})")
        if (machine.load("wireguard.json") or {}) != document["wireguard"]:
            stores["wireguard.json"] = document["wireguard"]
            changed.append("public keys")
        addresses = cast("dict[str, str]", machine.load("addresses.json") or {})
        # Those of others come with `finish`, which takes away what nobody names any more.
        if {**addresses, **document["addresses"]} != addresses:
            stores["addresses.json"] = {**addresses, **document["addresses"]}
            changed.append("addresses")
        if stores:
            with logged(machine, Event("secrets", "stored", changed=changed)):
                for file, value in stores.items():
                    machine.save(file, value)
    return ["changed: " + enumerate_some(changed)] if changed else ["unchanged"]


def require_own_name(machine: Machine, document: SecretsDocument) -> None:
    """Refuses a machine that calls itself like another node, before it is noted as this one. Later it may: a new node
    can get a name that a machine has had for long."""
    from converge.facts import hostname

    name = hostname(machine).split(".")[0]
    if name != document["node"] and name in document["wireguard"] and machine.load("node.json") is None:
        raise Refused(
            f"this machine calls itself {name}, and {name} is another node of the fleet. Correct the address of"
            f" {document['node']} when it is {name}'s, else run `hostnamectl set-hostname {document['node']}` on it"
        )


def secret_value(machine: Machine, name: str, generation: int) -> str:
    """The value of one generation; refused when the machine does not have it."""
    stored = cast("StoredSecret | None", machine.load(f"secrets/{name}.json"))
    kept = [secret for secret in (stored["current"], stored["previous"]) if secret] if stored else []
    for secret in kept:
        if secret["generation"] == generation:
            if not secret["value"]:
                raise Refused(
                    f"the secret {shown(name)} is empty on this machine: give it a value and send the secrets again"
                )
            return secret["value"]
    has = "has generation " + " and ".join(str(secret["generation"]) for secret in kept) if kept else "never got it"
    raise Refused(f"the secret {shown(name)} is wanted in generation {generation}, but this machine {has}")


class Redactor:
    """Takes every known secret out of a text, however it is spelled."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._spellings: list[str] | None = None

    def __call__(self, text: str) -> str:
        if self._spellings is None:
            self._spellings = self._all_spellings()
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def _all_spellings(self) -> list[str]:
        spellings: set[str] = set()
        names: list[str] = []
        # What cannot be read now is in no text of this run either, and whoever reports a failure must not fail.
        with suppress(OSError):
            names = self.machine.names("secrets")
        for name in names:
            with suppress(Failed, OSError):
                stored = cast(StoredSecret, self.machine.load(f"secrets/{name}.json"))
                for secret in (stored["current"], stored["previous"]):
                    spellings |= spelled(secret["value"]) if secret else set()
        return sorted(spellings, key=len, reverse=True)


def spelled(value: str) -> set[str]:
    """A secret, and each of its longer lines, as it may stand in a text: plain, JSON, base64, base64url, hex, URL."""
    import base64
    from urllib.parse import quote

    result: set[str] = set()
    for part in {value, value.strip(), *(line for line in value.splitlines() if len(line) >= 8)}:
        raw = part.encode("utf-8")
        encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
        result |= {
            part,
            dumps(part)[1:-1],
            dumps(part, ascii_only=False)[1:-1],
            raw.hex(),
            quote(part, safe=""),
        }
        result |= {text.rstrip("=") for text in encoded}
    return result - {""}
