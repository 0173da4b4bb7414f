import { lab, note, on, until } from "./support";
import { fleetMust, interfaces, timed } from "./program/measured";
import { probe } from "./program/probe";
import * as fleet from "./program/seven";
import { inventoryOf, lines, meshAddress, recovery } from "./program/seven";

/*
 * A mesh that gets IPv6 while it runs: one node of each home has an address of its provider's, and needs the public node no
 * longer to reach the other. Their routers let in what was asked for, and translate nothing.
 */

const four = ["alice", "cecilia", "octavia", "anastasia"];
const picked = Object.fromEntries(four.map((node) => [node, lines[node]!]));
const octavia = "fd5b:18c2:7f04::a2c:d";

/** The inventory with IPv6 in it. */
const dual = inventoryOf({
    ...picked,
    alice: picked["alice"]!.replace(" }", ", ipv6: 2001:db8:8::11 }"),
    octavia: picked["octavia"]!.replace(" }", ", ipv6: 2001:db8:9::11 }"),
}).replace("10.44.0.0/24 }", "10.44.0.0/24, ipv6: fd5b:18c2:7f04::/64 }");

/**
 * Seconds until every pair answers. The two that meet over IPv6 go first, with nothing else in flight: the lab's wireguard-go may
 * send a packet to a wrong IPv6 address after one that went over IPv4 (docs/decisions.md), which can go on while both are sent.
 */
async function together(): Promise<number> {
    return (await recovery(["alice", "octavia"], 120, 5)) + (await recovery(four, 60, 5));
}

beforeAll(async () => {
    await fleet.prepare(four);
    for (const home of ["home", "cabin"]) await lab("ipv6", home);
    fleet.write(inventoryOf(picked));
    note("ipv6-before.txt", await fleetMust("up"));
    await recovery(four, 60);
});
afterAll(fleet.dispose);

test("IPv6 comes to a mesh that runs: confirmed, and every pair is there afterwards", async () => {
    expect((await fleet.answers("alice", ["octavia"]))["octavia"]).toBe(63);
    fleet.write(dual);
    const text = await fleetMust("up");
    note("ipv6-up.txt", text);
    expect(text).toContain(
        "every tunnel restarts because Address 10.44.0.11/24 → 10.44.0.11/24, fd5b:18c2:7f04::a2c:b/64; undone unless",
    );
    timed("a mesh that got IPv6, after the end of up", await together());
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
});

test("the two that have IPv6 meet each other there, with nobody between", async () => {
    expect(await fleet.wireguard("alice", "endpoints")).toContain("[2001:db8:9::11]:51820");
    expect(await fleet.wireguard("octavia", "endpoints")).toContain("[2001:db8:8::11]:51820");
    // The far end sends 64; a relay on the way takes one.
    expect((await fleet.answers("alice", ["octavia"], 5))["octavia"]).toBe(64);
    expect((await fleet.answers("cecilia", ["octavia"], 5))["octavia"]).toBe(63);
    // A node that is busy does not say in time whom it reaches.
    await until("status to find every pair", 180, async () => {
        const { text } = await fleet.fleet("status", "--pairs");
        note("ipv6-status.txt", text);
        return /12 of 12 pairs answer .*2 direct IPv6/.test(text);
    });
});

test("the mesh's own IPv6 goes the same ways, under its own names", async () => {
    const ping = ["ping", "-6", "-n", "-c5", "-i0.2", "-W3", "octavia.ipv6"];
    const ttl = async (from: string): Promise<string> =>
        /ttl=(\d+)/.exec((await on(from, ...ping)).stdout)?.[1] ?? "none";
    expect([await ttl("alice"), await ttl("cecilia"), await ttl("anastasia")]).toEqual(["64", "63", "64"]);
    expect((await on("alice", "getent", "ahostsv6", "octavia.ipv6.seven.internal")).stdout).toContain(octavia);
    expect((await on("alice", "getent", "ahosts", "octavia")).stdout).not.toContain(":");
    await on(
        "alice",
        "sh",
        "-c",
        "wg-quick strip wg0 >/run/wg.strip && wg setconf wg0 /run/wg.strip; rm /run/wg.strip",
    );
    timed("after wg setconf of what wg-quick strips", await together());
});

test("IPv6 goes from the inventory again: the two are relayed, and pairs that stay lose nothing", async () => {
    const before = await interfaces(four);
    const running = probe("octavia", meshAddress("anastasia"));
    fleet.write(dual.replaceAll(/, ipv6: 2001:db8:[89]::11/g, ""));
    const text = await fleetMust("up");
    note("ipv6-away.txt", text);
    const { sent, lost } = await running.stop();
    expect([sent > 50, lost, await interfaces(four)]).toEqual([true, 0, before]);
    timed("IPv6 endpoints taken away, after the end of up", await recovery(four, 60));
    expect((await fleet.answers("alice", ["octavia"]))["octavia"]).toBe(63);
});
