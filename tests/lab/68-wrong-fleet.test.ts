import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { hostKeyOf } from "../../lab/identity";
import { start } from "./program/spare";
import { fleet, lab, must, note, on, root, until, withInventory, type Result } from "./support";

/*
 * A fleet that is not what its inventory says: machines that lie about themselves, addresses that were exchanged, no way in. Each
 * stops its own node, with both values and what to do, and all others converge. Then who reaches whom, and why not.
 */

const alice = "alice:    { hardware: amd64-1gb, location: home, address: 192.168.8.11,";
const cecilia = "cecilia:  { hardware: amd64-2gb, location: home, address: 192.168.8.12,";
const gematria = "gematria: {";
const spares = (box: string): readonly [string, string] => [
    gematria,
    `box: { ${box}, location: home, address: 192.168.8.20 }\n  crate: { hardware: amd64-1gb, location: home, address: 192.168.8.21 }\n  ${gematria}`,
];
const noNpu = "hardware: amd64-4gb, npu: hailo-8";
const accepted = [
    [
        "accept:\n",
        'accept:\n  SE129 nodes.box.npu: "ordered, and not here yet"\n  SE129 nodes.box.os: read by mistake\n',
    ],
] as const;

const kept = ["dev.known_hosts", "dev.lock.yaml"].map((name) => resolve(root, "stacks", name));
let before: string[];

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    await start("box", "crate");
    before = kept.map((file) => readFileSync(file, "utf8"));
    for (const name of ["box", "crate"]) {
        const key = readFileSync(`${hostKeyOf(name)}.pub`, "utf8")
            .split(" ")
            .slice(0, 2);
        appendFileSync(kept[0]!, `${name} ${key.join(" ")}\n`);
    }
});
afterAll(async () => {
    kept.forEach((file, i) => {
        writeFileSync(file, before[i]!);
    });
    await lab("set", "box", "sudo");
    await lab("power", "off", "box");
    await lab("power", "off", "crate");
    expect((await fleet("up")).code).toBe(0);
});

/** The lines of an output that name a node. */
const about = ({ text }: Result, node: string): string =>
    text
        .split("\n")
        .filter((line) => new RegExp(`^ *${node}\\b`).test(line))
        .join("\n");

test("machines that are not what they should be: each is named and left alone, the others converge", async () => {
    await on("crate", "hostname", "alice");
    const exchanged = [
        [alice, alice.replace(".11", ".12")],
        [cecilia, cecilia.replace(".12", ".11")],
    ] as const;
    await withInventory([spares("hardware: amd64-1024gb, npu: hailo-8"), ...exchanged], async () => {
        expect((await fleet("pin")).code).toBe(0);
        const up = await fleet("up");
        note("wrong-fleet.txt", `${up.text}\n${up.seconds} s`);
        expect(up.code).toBe(1);
        expect(about(up, "box")).toMatch(/memory is [\d.]+ GiB, and amd64-1024gb has 1024 GiB/);
        expect(about(up, "box")).toMatch(/nothing is on PCIe, and the inventory says hailo-8/);
        expect(about(up, "crate")).toMatch(/this machine calls itself alice, and alice is another node of the fleet/);
        expect(up.text).toMatch(/That is the key of cecilia: 192\.168\.8\.12 is the address of cecilia/);
        expect(up.text).toMatch(/That is the key of alice: 192\.168\.8\.11 is the address of alice/);
        expect(about(up, "gematria")).toMatch(/gematria +changed .*wireguard.*finish/);
        expect((await on("box", "sh", "-c", "ls /usr/local/lib/ /var/lib | grep -c sovereign || true")).stdout).toBe(
            "0\n",
        );
    });
});

test("no sudo and no sshd: said with what to do; the others go on", async () => {
    await on("crate", "hostname", "crate");
    await on("crate", "systemctl", "stop", "ssh.socket", "ssh.service");
    await lab("set", "box", "no-sudo");
    await withInventory([spares(noNpu), ...accepted], async () => {
        const up = await fleet("up");
        note("wrong-fleet-closed.txt", `${up.text}\n${up.seconds} s`);
        expect(up.code).toBe(1);
        expect(about(up, "box")).toMatch(/sudo wants a password .* NOPASSWD/);
        expect(about(up, "crate")).toMatch(/does not answer on 192\.168\.8\.21:22 \(the port is closed/);
        for (const node of ["alice", "cecilia", "gematria"]) expect(about(up, node)).toMatch(/ (changed|ok) /);
    });
});

describe("with all of them right, or accepted", () => {
    test("twenty of twenty pairs answer, what was accepted is said, and so is what needs no acceptance", async () => {
        await on("crate", "systemctl", "start", "ssh.service");
        await lab("set", "box", "sudo");
        await withInventory([spares(noNpu), ...accepted], async () => {
            const up = await fleet("up");
            note("right-fleet.txt", `${up.text}\n${up.seconds} s`);
            expect([up.code, up.text]).toEqual([0, expect.anything()]);
            expect((await fleet("up")).text).toContain(" 0 changed,");
            const status = await fleet("status", "--pairs");
            note("right-fleet-status.txt", `${status.text}\n${status.seconds} s`);
            expect([status.code, status.text]).toEqual([0, expect.stringContaining("20 of 20 pairs answer")]);
            expect(status.text).toMatch(
                /alice +box +direct LAN +[\d.]+ ms +handshake \d+ s ago +192\.168\.8\.20:51820/,
            );
            expect(status.text).toContain("box: accepted: nothing is on PCIe, and the inventory says hailo-8");
            expect(status.text).toContain("box: what SE129 nodes.box.os accepts is not the case any more");
        });
    });

    test("a blocked port, a peer taken out, a wrong key and a node that is off are named as why pairs fail", async () => {
        await withInventory([spares(noNpu), ...accepted], async () => {
            const secrets = (await on("box", "wg", "show", "wg0", "dump")).stdout;
            await lab("block", "box", "udp", "51820");
            await on("box", "systemctl", "restart", "wg-quick@wg0");
            const [a, c] = await Promise.all(
                ["alice", "cecilia"].map(async (node) =>
                    (await on(node, "wg", "show", "wg0", "public-key")).stdout.trim(),
                ),
            );
            await on("gematria", "wg", "set", "wg0", "peer", a!, "remove");
            const other = (await on("gematria", "sh", "-c", "wg genkey | wg pubkey")).stdout.trim();
            await on(
                "gematria",
                "wg",
                "set",
                "wg0",
                "peer",
                c!,
                "remove",
                "peer",
                other,
                "allowed-ips",
                "10.44.0.12/32",
            );
            await lab("power", "cut", "crate");
            const status = await fleet("status");
            note("pairs-fail.txt", `${status.text}\n${status.seconds} s`);
            expect(status.code).toBe(1);
            expect(status.text).toMatch(
                /box to alice: no handshake ever, nothing comes back from 192\.168\.8\.11:51820: box hears nobody: is UDP port 51820 of box blocked/,
            );
            expect(status.text).toMatch(
                /gematria to alice: one-sided: alice has gematria as a peer, and gematria does not have alice/,
            );
            expect(status.text).toMatch(
                /gematria to cecilia: wrong key: the public key that gematria has for cecilia is not cecilia's/,
            );
            expect(status.text).toMatch(/crate: it does not answer us; its 8 pairs fail/);
            for (const key of secrets.match(/[A-Za-z0-9+/]{43}=/g) ?? []) expect(status.text).not.toContain(key);
            await lab("unblock", "box");
            await on("gematria", "systemctl", "restart", "wg-quick@wg0");
            await lab("power", "on", "crate");
            await until("all pairs", 60, async () => (await fleet("status")).code === 0);
        });
    });
});
