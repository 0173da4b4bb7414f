import { randomBytes } from "node:crypto";
import type { Role } from "../../components/converge/schema";
import { clamp, publicKey } from "../../components/mesh/keys";
import { Engine } from "./program/drive";
import { answering, attempt, file, fleetOf, spare, start, statusOf, textOf } from "./program/spare";
import { lab, note, on, operator, until, type Result } from "./support";

/*
 * Changes that cut the operator off: the node goes back by itself, `up` says so in time, and the next one heals it without anybody
 * touching the state. On a real machine: its nftables, its sshd, its WireGuard, its power.
 */

const window = 20;
const nftFile = "/etc/sovereign-edge-test.nft";
const sshdFile = "/etc/ssh/sshd_config.d/50-test.conf";

const firewall = (rule: string): Role => ({
    files: {
        [nftFile]: file(
            `table inet test\ndelete table inet test\ntable inet test {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\t${rule}\n\t}\n}\n`,
        ),
    },
    actions: { load: { argv: ["nft", "-f", nftFile], on: { [nftFile]: true } } },
    removal: { unload: { argv: ["nft", "destroy", "table", "inet", "test"] } },
    confirm: { window },
});
const open = firewall("tcp dport 9999 drop");
const shut = firewall("tcp dport 22 drop");

const sshd = (port: number): Role => ({
    files: { [sshdFile]: file(`Port ${port}\n`) },
    units: { "ssh.service": { enabled: true, running: true, restartOn: { [sshdFile]: true } } },
    confirm: { window },
});

const base = { files: { "/etc/base": file("base\n") } };
let engine: Engine;

/** Waits until a change has swapped a file in, and then for `up` to end: how, and how many seconds after the swap. */
async function afterSwap(up: Promise<Result>, node: string, path: string, news: string): Promise<[Result, number]> {
    const early: { result?: Result } = {};
    void up.then((result) => (early.result = result));
    await until(`${news} in ${path}`, 60, async () => {
        if ((await textOf(node, path)).includes(news)) return true;
        if (early.result !== undefined) throw new Error(`\`up\` ended before the swap was seen:\n${early.result.text}`);
        return false;
    });
    const start = performance.now();
    const result = await up;
    return [result, (performance.now() - start) / 1000];
}

beforeAll(async () => {
    await start("box", "crate");
    engine = await Engine.make(operator);
    const first = await engine.up(fleetOf("box", { base, firewall: open, login: sshd(22) }));
    note("cut-off-first.txt", first.text);
    expect(first.code).toBe(0);
});
afterAll(async () => {
    engine.dispose();
    for (const node of ["box", "crate"]) await lab("power", "off", node);
});

test.each([
    ["a firewall that drops SSH", { firewall: shut }, nftFile, "firewall", "dport 22 drop"],
    ["sshd on another port", { login: sshd(2222) }, sshdFile, "login", "Port 2222"],
] as const)("%s goes back in time, and the mended state goes through", async (what, change, path, role, news) => {
    const good = { base, firewall: open, login: sshd(22) };
    const before = await textOf("box", path);
    const [up, since] = await afterSwap(engine.up(fleetOf("box", { ...good, ...change })), "box", path, news);
    note(`cut-off-${role}.txt`, `${up.text}\n${up.seconds} s, ${since} s after the swap`);
    expect([what, up.code]).not.toEqual([what, 0]);
    expect(since).toBeLessThanOrEqual(30);
    expect(up.text).toMatch(/goes back to what it was by itself|was not confirmed/);
    await until(`the old ${path}`, Math.max(0, window + 5 - since), async () => (await textOf("box", path)) === before);
    await answering("box", 5);
    expect((await statusOf("box")).roles[role]!.result).toBe(`reverted: no fresh connection within ${window} s`);
    const mended = { ...good, [role]: { ...good[role], checks: { fine: { argv: ["true"], within: 1 } } } };
    const healed = await engine.up(fleetOf("box", mended));
    note(`cut-off-${role}-healed.txt`, healed.text);
    expect([healed.code, (await statusOf("box")).roles[role]!.result]).toEqual([0, "applied"]);
    expect((await engine.up(fleetOf("box", good))).code).toBe(0);
});

test("a power cut inside the window boots into the old configuration", async () => {
    const good = { base, firewall: open, login: sshd(22) };
    const up = engine.up(fleetOf("box", { ...good, firewall: shut }));
    await until("the swap", 30, async () => (await textOf("box", nftFile)).includes("tcp dport 22 drop"));
    await lab("power", "cut", "box");
    expect((await up).code).not.toBe(0);
    await lab("power", "on", "box");
    await answering("box");
    expect(await textOf("box", nftFile)).toContain("tcp dport 9999 drop");
    expect((await statusOf("box")).roles["firewall"]!.result).toMatch(/cut off|reverted/);
    expect((await attempt("box", "ls", "/var/lib/sovereign-edge/journal.json")).code).not.toBe(0);
    // The same inventory, with only the operator's network mended: here the rule lets the operator in.
    const healed = await engine.up(
        fleetOf("box", { ...good, firewall: firewall("ip saddr != 192.168.8.50 tcp dport 22 drop") }),
    );
    note("cut-off-power.txt", healed.text);
    expect(healed.code).toBe(0);
    expect((await engine.up(fleetOf("box", good))).code).toBe(0);
});

describe("a tunnel that the operator comes through", () => {
    const keys = Object.fromEntries(
        ["box", "crate"].map((node) => {
            const secret = clamp(randomBytes(32).toString("base64"));
            return [node, { private: secret, public: publicKey(secret) }];
        }),
    );
    const packages: Role = { packages: { "wireguard-tools": {} } };
    const conf = "/etc/wireguard/wg9.conf";
    const tunnel = (node: string, peer: string, address: string, allowed: string, endpoint: string): Role => ({
        directories: { "/etc/wireguard": { mode: "0700", owner: "root:root" } },
        secrets: { [`key.${node}`]: 1 },
        files: {
            [conf]: {
                mode: "0600",
                owner: "root:root",
                text: `[Interface]\nAddress = ${address}\nListenPort = 51999\nPrivateKey = {{secret:key.${node}}}\n[Peer]\nPublicKey = {{wireguard:${peer}}}\nAllowedIPs = ${allowed}\nEndpoint = ${endpoint}:51999\n`,
            },
        },
        units: { "wg-quick@wg9.service": { enabled: true, running: true, restartOn: { [conf]: true } } },
        confirm: { window },
    });
    const more = (node: string): object => ({
        secrets: { [`key.${node}`]: { generation: 1, value: keys[node]!.private } },
        wireguard: Object.fromEntries(Object.entries(keys).map(([name, pair]) => [name, pair.public])),
    });
    const box = (): ReturnType<typeof spare> =>
        spare(
            "box",
            { packages, wireguard: tunnel("box", "crate", "10.99.0.1/24", "10.99.0.2/32", "192.168.8.21") },
            more("box"),
        );
    const crate = (address: string, allowed: string): ReturnType<typeof spare> => ({
        ...spare(
            "crate",
            { packages, wireguard: tunnel("crate", "box", "10.99.0.2/24", allowed, "192.168.8.20") },
            more("crate"),
        ),
        address,
    });

    test("comes back by itself when a change of it breaks the path in use", async () => {
        // The box is a router for the operator: crate sees the tunnel's other end, and nobody else.
        const nat = "table ip nine { chain out { type nat hook postrouting priority 100; oifname wg9 masquerade; }; }";
        await start("box");
        await on("box", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
        await on("box", "nft", nat);
        const fresh = await Engine.make(operator);
        const up = (address: string, allowed: string): ReturnType<Engine["up"]> =>
            fresh.up({ nodes: { box: box(), crate: crate(address, allowed) } });
        try {
            const first = await up("192.168.8.21", "10.99.0.1/32");
            note("cut-off-tunnel-first.txt", first.text);
            expect(first.code).toBe(0);
            await on("operator", "ip", "route", "replace", "10.99.0.0/24", "via", "192.168.8.20");
            // Another road to the same machine is no change of it.
            const through = await up("10.99.0.2", "10.99.0.1/32");
            expect([through.code, through.text]).toEqual([0, expect.stringMatching(/\d+ unchanged/)]);
            const [cut, since] = await afterSwap(up("10.99.0.2", "10.99.0.9/32"), "crate", conf, "10.99.0.9/32");
            note("cut-off-tunnel.txt", `${cut.text}\n${cut.seconds} s, ${since} s after the swap`);
            expect(cut.code).not.toBe(0);
            expect(since).toBeLessThanOrEqual(30);
            await until("the old tunnel", Math.max(0, window + 5 - since), async () =>
                (await textOf("crate", conf)).includes("10.99.0.1/32"),
            );
            const healed = await up("10.99.0.2", "10.99.0.1/32");
            note("cut-off-tunnel-healed.txt", healed.text);
            expect(healed.code).toBe(0);
        } finally {
            await attempt("operator", "ip", "route", "del", "10.99.0.0/24");
            fresh.dispose();
        }
    });
});
