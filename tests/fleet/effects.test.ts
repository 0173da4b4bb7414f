import { canonical } from "../../components/converge/canonical";
import type { DesiredState } from "../../components/converge/schema";
import { planEffects } from "../../components/fleet/effects";
import { readRecorded, type Recorded } from "../../components/fleet/effects-recorded";
import { effectsText } from "../../components/fleet/effects-text";
import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { devText, stackOf } from "../support/stack";

const command = "command:remote:Command";
const program = "ab".repeat(32);

/** A state in which every node was told this plan. */
function stateOf(plan: FleetPlan): string {
    const resources = Object.values(plan.nodes).flatMap(({ fleet, name: node, incarnation, roles }) => [
        { type: command, inputs: { stdin: canonical({ version: 1, fleet, node, incarnation, program }) } },
        { type: command, inputs: { stdin: { ciphertext: "v1:x" } } },
        ...Object.values(roles).map((role) => ({ type: command, inputs: { stdin: canonical(role) } })),
        { type: command, inputs: { stdin: canonical({ version: 1, fleet, node, incarnation, roles: {} }) } },
    ]);
    return JSON.stringify({ deployment: { resources: [{ type: "pulumi:pulumi:Stack" }, ...resources] } });
}

const dev = stackOf("dev", devText);
const plan = planFleet(dev);
const recorded = readRecorded(stateOf(plan));

function effects(now: FleetPlan, before: Recorded = recorded): string {
    return effectsText(planEffects(before, now, program)).join("\n");
}

/** The plan of the inventory with one piece of its text replaced. */
function written(from: string, to: string, lock: Partial<Stack["lock"]> = {}): FleetPlan {
    const text = devText.replace(from, to);
    if (text === devText) throw new Error(`${from} is not there`);
    const stack = stackOf("dev", text);
    return planFleet({ ...stack, lock: { ...stack.lock, ...lock } });
}

/** The plan with a role of gematria made into another one. */
function edited(role: string, change: (state: DesiredState) => DesiredState): FleetPlan {
    const node = plan.nodes["gematria"]!;
    return {
        ...plan,
        nodes: { ...plan.nodes, gematria: { ...node, roles: { ...node.roles, [role]: change(node.roles[role]!) } } },
    };
}

/** A plan of one node with one role, and what the state says of it. */
function only(before: Partial<DesiredState> | undefined, after: Partial<DesiredState> | undefined): string {
    const header = { version: 1 as const, fleet: "dev", node: "alice", role: "thing", incarnation: 1 };
    const roles = (role: Partial<DesiredState> | undefined): Record<string, DesiredState> =>
        role === undefined ? {} : { thing: { ...header, ...role } };
    const was = { alice: { incarnation: 1, program, roles: roles(before) } };
    const alice = { ...plan.nodes["alice"]!, roles: roles(after) };
    const [first = ""] = effectsText(planEffects(was, { ...plan, nodes: { alice } }, program));
    return first;
}

const file = (text: string): { mode: string; owner: string; text: string } => ({ mode: "0644", owner: "a:a", text });
const running = { enabled: true, running: true };

test("what was told and what is planned are the same: nothing", () => {
    expect(effects(plan)).toBe("Nothing changes on any node.");
});

test("a node more: its peers get one, no tunnel restarts", () => {
    const now = written(
        "  gematria:",
        "  dora: { hardware: amd64-1gb, location: home, address: 192.168.8.13, mesh: 10.44.0.13 }\n  gematria:",
    );
    expect(effects(now)).toBe(
        [
            "  alice, cecilia, gematria: base runs renew-hosts",
            "  alice, cecilia, gematria: 1 peer added (dora); no tunnel restarts",
            "  dora: is new: base, firewall, packages, sshd, wireguard; 2 packages",
            "4 nodes change.",
        ].join("\n"),
    );
});

test("a node less: its peers lose one, and itself is forgotten or cleaned", () => {
    const line = "  alice:    { hardware: amd64-1gb, location: home, address: 192.168.8.11, mesh: 10.44.0.11";
    expect(effects(written(line, `${line}, leaving: true`))).toBe(
        [
            "  cecilia, gematria: base runs renew-hosts",
            "  cecilia, gematria: 1 peer removed (alice); no tunnel restarts",
            "! alice: leaves: 5 roles of ours taken off it",
            "3 nodes change. Lines with ! interrupt something.",
        ].join("\n"),
    );
    expect(effects(written(line, `${line}, leaving: gone`))).toContain(
        "alice: is forgotten; the machine itself is not touched",
    );
});

test("data stays on a node that leaves", () => {
    const now = {
        ...plan,
        nodes: { ...plan.nodes, gematria: { ...plan.nodes["gematria"]!, leaving: true, roles: {} } },
    };
    expect(effects(now)).toContain(
        "! gematria: leaves: 8 roles of ours taken off it; /var/lib/caddy, /var/lib/powerdns stay",
    );
});

test("a firewall that comes, opens and closes is said by port, audience and listener", () => {
    const { firewall, ...roles } = recorded["gematria"]!.roles;
    const without = { ...recorded, gematria: { ...recorded["gematria"]!, roles } };
    expect(effects(plan, without).split("\n")[0]).toBe(
        "! gematria: the firewall closes everything but 22/tcp for everybody (sshd), 53/tcp for everybody (pdns), 53/udp for everybody (pdns), 80/tcp for everybody (caddy), 443/tcp for everybody (caddy), 443/udp for everybody (caddy)",
    );
    const path = "/etc/sovereign-edge/firewall.nft";
    const file = firewall!.files![path]!;
    const became = (from: string, to: string): string => {
        const files = { ...firewall!.files, [path]: { ...file, text: file.text.replace(from, to) } };
        return effects(edited("firewall", (state) => ({ ...state, files })))
            .split("\n")
            .slice(0, -1)
            .join("\n");
    };
    expect(became("udp ct original proto-dst 443", "udp ct original proto-dst 8443")).toBe(
        "  gematria: the firewall opens 8443/udp for everybody (caddy)\n! gematria: the firewall closes 443/udp for everybody (caddy)",
    );
    expect(
        became(
            "meta l4proto tcp ct original proto-dst 80 ",
            "ip saddr { 10.44.0.11 } meta l4proto tcp ct original proto-dst 80 ",
        ),
    ).toBe("  gematria: the firewall lets others in than before: 80/tcp for everybody (caddy)");
    expect(became("priority filter - 10", "priority filter - 11")).toBe(
        "  gematria: firewall changes; nothing restarts",
    );
});

test("another machine behind the name gets everything again", () => {
    const now = written("address: 192.168.8.12,", "address: 192.168.8.12, incarnation: 2,");
    expect(effects(now)).toBe(
        [
            "  cecilia: is a new machine (incarnation 1 → 2), everything is sent again: base, firewall, model-gemma3-270m, packages, sshd, wireguard; 4 packages; 0 MB to download",
            "1 node changes; 2 nodes stay as they are; 0 MB to download.",
        ].join("\n"),
    );
});

test("an address that changes: its peers know, and the tunnels stay", () => {
    const now = effects(written("mesh: 10.44.0.11", "mesh: 10.44.0.21"));
    expect(now).toContain("  cecilia, gematria: 1 peer changed (alice: AllowedIPs); no tunnel restarts");
    expect(now).toContain("Address 10.44.0.11/24 → 10.44.0.21/24");
});

test("an interface that wg-quick has to bring up again is what can cut the operator off", () => {
    const path = "/etc/wireguard/wg0.conf";
    const now = edited("wireguard", (role) => ({
        ...role,
        files: {
            ...role.files,
            [path]: { ...role.files![path]!, text: role.files![path]!.text.replace("1420", "1380") },
        },
        units: { "wg-quick@wg0.service": { ...running, restartOn: { [path]: true } } },
    }));
    expect(effects(now)).toBe(
        [
            "! gematria: every tunnel restarts because MTU 1420 → 1380; undone unless a fresh connection confirms it within 60 s",
            "1 node changes; 2 nodes stay as they are. Lines with ! interrupt something.",
        ].join("\n"),
    );
});

test("a tunnel that moves to another port, and keys that are rotated", () => {
    expect(effects(written("network: 10.44.0.0/24", "network: 10.44.0.0/24, port: 51821"))).toContain(
        "  gematria: the tunnel moves to port 51821; no tunnel restarts",
    );
    const now = written("version: 1", "version: 1 ", {
        generations: { "wireguard.alice": 2, "model-key.gemma3-270m": 2 },
    });
    expect(effects(now)).toBe(
        [
            "  cecilia, gematria: model-key.gemma3-270m rotated to generation 2",
            "  cecilia, gematria: 1 key rotated; no tunnel restarts",
            "  alice: 3 keys rotated; no tunnel restarts",
            "! cecilia: llama-gemma3-270m restarts because /etc/sovereign-edge/credentials/model-key.gemma3-270m changed",
            "3 nodes change. Lines with ! interrupt something.",
        ].join("\n"),
    );
});

test("a zone: records that come and go raise the serial", () => {
    const path = "/etc/powerdns/zones/dev.example.zone";
    const zone = (change: (text: string) => string) =>
        edited("zone-dev.example", (role) => ({
            ...role,
            files: { [path]: { ...role.files![path]!, text: change(role.files![path]!.text) } },
        }));
    const two = "a.dev.example.\t300\tIN\tA\t203.0.113.10\nb.dev.example.\t300\tIN\tA\t203.0.113.10\n";
    expect(effects(zone((text) => text + two))).toContain("gematria: zone dev.example: 2 records added, serial +1");
    expect(effects(zone((text) => text.replace("ai.dev", "ml.dev")))).toContain(
        "zone dev.example: 1 record added, 1 record removed, serial +1",
    );
    expect(effects(zone((text) => text.replace("1209600", "2419200")))).toContain(
        "zone-dev.example changes; nothing restarts",
    );
});

test("a domain that comes and one that goes", () => {
    expect(effects(written("  dev.example: {}", "  dev.example: {}\n  other.example: {}"))).toContain(
        "  gematria: zone other.example is new: 2 records",
    );
    const before = readRecorded(stateOf(written("  dev.example: {}", "  dev.example: {}\n  other.example: {}")));
    expect(effects(plan, before)).toContain("! gematria: zone other.example is no longer served");
});

test("a changed Caddyfile is reloaded, a changed unit restarts", () => {
    expect(effects(written("nosniff", "sniff"))).toContain(
        "  gematria: caddy reloads because /etc/caddy/Caddyfile changed",
    );
    const path = "/etc/systemd/system/caddy.service";
    const now = edited("caddy", (role) => ({ ...role, files: { ...role.files, [path]: file("[Unit]\n") } }));
    expect(effects(now)).toContain(`! gematria: caddy restarts because ${path} changed`);
});

test("weights and programs that are not there yet are downloaded, by node and in all", () => {
    const before = { ...recorded, cecilia: { ...recorded["cecilia"]!, roles: {} } };
    const heavy = stackOf("dev", devText);
    const weights = heavy.lock.artifacts["model gemma3:270m"]!;
    const artifacts = {
        ...heavy.lock.artifacts,
        "model gemma3:270m": { ...weights, any: { ...weights.any!, sha256: "cd".repeat(32), bytes: 253e6 } },
    };
    const text = effects(planFleet({ ...heavy, lock: { ...heavy.lock, artifacts } }), before);
    expect(text).toContain("  cecilia: gemma3:270m (253 MB) is downloaded");
    expect(text).toContain("  cecilia: llama-gemma3-270m starts");
    expect(text).toContain("  cecilia: packages installed: libgomp1, openssl, unattended-upgrades, wireguard-tools");
    expect(text).toMatch(/1 node changes; 2 nodes stay as they are; 253 MB to download\./);
});

test("the program is updated on every node that has another one", () => {
    const lines = effectsText(planEffects(recorded, plan, "cd".repeat(32)));
    expect(lines[0]).toBe("  alice, cecilia, gematria: converge.py is updated");
    expect(effectsText(planEffects(recorded, plan))).toEqual(["Nothing changes on any node."]);
});

describe("one role", () => {
    const unit = (on: object): Partial<DesiredState> => ({ units: { "a.service": { ...running, ...on } } });
    test.each<[string, Partial<DesiredState> | undefined, Partial<DesiredState> | undefined, string]>([
        ["that is new", undefined, {}, "  alice: thing is new"],
        ["that starts a unit", undefined, unit({}), "  alice: a starts"],
        [
            "that only checks something else",
            { checks: {} },
            { requires: {} },
            "  alice: thing changes; nothing restarts",
        ],
        [
            "a package more",
            { packages: { a: {} } },
            { packages: { a: {}, sqlite3: {} } },
            "  alice: packages installed: sqlite3",
        ],
        [
            "a package less",
            { packages: { a: {} } },
            { packages: {} },
            "  alice: packages purged, unless they were there before or something else needs them: a",
        ],
        [
            "a package held",
            { packages: { a: {} } },
            { packages: { a: { hold: true } } },
            "  alice: packages changed: a",
        ],
        ["an image", {}, { images: { "a@sha256:b": {} } }, "  alice: images pulled: a@sha256:b"],
        ["a user", {}, { users: { git: { home: "/x" } } }, "  alice: users made: git"],
        ["a user less", { users: { git: { home: "/x" } } }, {}, "  alice: users removed: git"],
        ["a setting", { sysctl: { a: "0" } }, { sysctl: { a: "1" } }, "  alice: kernel settings: a = 1"],
        ["a module", {}, { modules: { wireguard: {} } }, "  alice: kernel modules loaded: wireguard"],
        ["long work", {}, { jobs: { pull: { argv: ["x"] } } }, "  alice: long work begins: pull"],
        [
            "a source",
            {},
            { sources: { pdns: { uris: "x", suites: "x", components: "", key: "x" } } },
            "  alice: package sources added: pdns",
        ],
        [
            "a file nobody looks at",
            { files: { "/a": file("1") } },
            { files: { "/a": file("2") } },
            "  alice: /a changed",
        ],
        [
            "a unit that is stopped",
            unit({}),
            { units: { "a.service": { enabled: true, running: false } } },
            "! alice: a stops",
        ],
        [
            "a unit that is masked",
            unit({}),
            { units: { "a.service": { enabled: false, running: false, masked: true } } },
            "! alice: a is masked",
        ],
        ["a unit that goes", unit({}), { units: {} }, "! alice: a stops"],
        ["a unit at boot", unit({ enabled: false }), unit({}), "  alice: a starts at boot from now on"],
        ["a unit not at boot", unit({}), unit({ enabled: false }), "  alice: a no longer starts at boot"],
        [
            "a restart wins over a reload",
            {
                ...unit({ reloadOn: { "/a": true }, restartOn: { "/b": true } }),
                files: { "/a": file("1"), "/b": file("1") },
            },
            {
                ...unit({ reloadOn: { "/a": true }, restartOn: { "/b": true } }),
                files: { "/a": file("2"), "/b": file("2") },
            },
            "! alice: a restarts because /b changed",
        ],
        [
            "an action",
            { actions: { load: { argv: ["x"], on: { "/a": true } } }, files: { "/a": file("1") } },
            { actions: { load: { argv: ["x"], on: { "/a": true } } }, files: { "/a": file("2") } },
            "  alice: thing runs load",
        ],
        [
            "that goes, with its data kept",
            {
                ...unit({}),
                files: { "/a": file("1") },
                directories: { "/var/lib/a": { mode: "0700", owner: "a:a", keep: true } },
            },
            undefined,
            "! alice: thing is removed: a stops, 1 file of ours goes; /var/lib/a stays",
        ],
    ])("%s", (_, before, after, expected) => {
        expect(only(before, after)).toBe(expected);
    });
});

describe("the state is read", () => {
    test("as the file backend keeps it and as the engine exports it, without what was replaced", () => {
        const resources = [
            { type: command, delete: true, inputs: { stdin: canonical({ node: "old", role: "x", incarnation: 1 }) } },
            { type: command, inputs: { stdin: canonical({ node: "box", role: "x", incarnation: 3 }) } },
            { type: "command:local:Command", inputs: { stdin: "not ours" } },
            { type: command },
        ];
        const expected = { box: { incarnation: 3, roles: { x: { node: "box", role: "x", incarnation: 3 } } } };
        expect(readRecorded(JSON.stringify({ checkpoint: { latest: { resources } } }))).toEqual(expected);
        expect(readRecorded(JSON.stringify({ deployment: { resources } }))).toEqual(expected);
    });

    test("when it is empty", () => {
        expect(readRecorded('{"checkpoint":{"latest":null}}')).toEqual({});
        expect(readRecorded('{"version":3,"deployment":null}')).toEqual({});
        expect(effects(plan, {})).toMatch(/^ {2}alice: is new: [\s\S]*3 nodes change/);
    });
});
