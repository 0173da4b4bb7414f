import { lab, note, on, until } from "./support";
import { fleetMust, interfaces, timed } from "./program/measured";
import { probe } from "./program/probe";
import * as fleet from "./program/seven";
import { inventoryOf, lines, meshAddress, recovery, silent } from "./program/seven";

/*
 * What goes wrong on the way between nodes, and what changes in the inventory while they talk: two nodes of one home, one of
 * another, and the public one that relays between the homes.
 */

const four = ["alice", "cecilia", "octavia", "anastasia"];
const three = four.filter((node) => node !== "cecilia");

/** Where a router puts alice in the middle of the tests, as the inventory then has it. */
const moved = ["address: 192.168.8.11", "address: 192.168.8.31"] as const;

/** The lines of some nodes, some of them with something in the place of something else. */
function linesOf(nodes: readonly string[], edits: Readonly<Record<string, readonly [string, string]>> = {}) {
    return Object.fromEntries(
        nodes.map((node) => {
            const [from, to] = edits[node] ?? ["", ""];
            return [node, lines[node]!.replace(from, to)];
        }),
    );
}

/** Changes the inventory and applies it while packets go between nodes that the change leaves alone. */
async function change(text: string): Promise<{ text: string; seconds: number; lost: number[] }> {
    const probes = [probe("alice", meshAddress("anastasia")), probe("octavia", meshAddress("alice"))];
    const start = performance.now();
    fleet.write(text);
    const said = await fleetMust("up");
    const seconds = (performance.now() - start) / 1000;
    const seen = await Promise.all(probes.map(({ stop }) => stop()));
    expect(seen.filter(({ sent }) => sent < 50)).toEqual([]);
    return { text: said, seconds, lost: seen.map(({ lost }) => lost) };
}

beforeAll(async () => {
    await fleet.prepare(four);
    fleet.pin(three);
    fleet.write(inventoryOf(linesOf(three)));
    await lab("block", "anastasia", "udp", "51820");
    note("faults-up.txt", await fleetMust("up"));
});
afterAll(fleet.dispose);

test("a port that is blocked on the way is named, and what it kept apart comes together when it opens", async () => {
    expect(await silent(three)).toHaveLength(6);
    const named =
        /alice to anastasia: no handshake ever, nothing comes back from 203\.0\.113\.11:51820: is UDP port 51820 of anastasia blocked\?/;
    // A node that is busy does not say in time whom it reaches.
    await until("status to name the blocked port", 180, async () => {
        const { code, text } = await fleet.fleet("status");
        note("faults-blocked.txt", text);
        return code === 1 && named.test(text);
    });
    await lab("unblock", "anastasia");
    timed("a port that was blocked, after it opened", await recovery(three, 60));
});

test("a node joins late: nothing restarts, and nothing is lost between the others", async () => {
    const before = await interfaces(three);
    fleet.pin(four);
    const { lost } = await change(inventoryOf(linesOf(four)));
    timed("a late join, after the end of up", await recovery(four, 30));
    expect([lost, await interfaces(three)]).toEqual([[0, 0], before]);
});

test("a fifth of all packets lost: a node that starts there reaches everybody", async () => {
    await lab("loss", "cabin", "20");
    await lab("power", "cut", "octavia");
    await lab("power", "on", "octavia");
    timed("a crash and rejoin with 20 % loss", await recovery(four, 120, 5));
    const running = probe("octavia", meshAddress("anastasia"));
    await recovery(four, 120, 5);
    const { sent, lost } = await running.stop();
    timed(`${lost} of ${sent} packets lost there and back, in`, sent / 50);
    expect(lost).toBeGreaterThan(0);
    await lab("loss", "cabin", "0");
    timed("after the loss ended", await recovery(four, 60));
});

test("a node whose address on the LAN changed: its neighbours find it, status names it, another road leads to it", async () => {
    const renew =
        "ip address flush dev eth0 && ip address add 192.168.8.31/24 dev eth0 && ip route add default via 192.168.8.1";
    await on("alice", "sh", "-c", renew);
    timed("another address on the LAN", await recovery(four, 90));
    expect(await fleet.wireguard("cecilia", "endpoints")).toContain("192.168.8.31:51820");
    const named =
        /alice +no answer[^]*alice: cecilia meets it at 192\.168\.8\.31, and the inventory says 192\.168\.8\.11: write `address: 192\.168\.8\.31`/;
    await until("status to name the new address", 180, async () => {
        const { code, text } = await fleet.fleet("status");
        note("faults-moved.txt", text);
        return code === 1 && named.test(text);
    });
    fleet.write(inventoryOf(linesOf(four, { alice: [" }", ", via: anastasia }"] })));
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
    const { text } = await change(inventoryOf(linesOf(four, { alice: moved })));
    note("faults-readdressed.txt", text);
    expect(await recovery(four, 30)).toBeLessThan(30);
});

test("another mesh address: one interface restarts, confirmed, and no other tunnel notices", async () => {
    const edits = { alice: moved, cecilia: ["mesh: 10.44.0.12", "mesh: 10.44.0.22"] } as const;
    const before = await interfaces(four);
    const { text, lost } = await change(inventoryOf(linesOf(four, edits)));
    note("faults-mesh-address.txt", text);
    timed("another mesh address, after the end of up", await recovery(four, 60));
    expect(text).toMatch(
        /every tunnel restarts because Address 10\.44\.0\.12\/24 → 10\.44\.0\.22\/24; undone unless a fresh connection confirms it/,
    );
    const { cecilia: restarted, ...others } = await interfaces(four);
    const { cecilia: first, ...unmoved } = before;
    expect([lost, others]).toEqual([[0, 0], unmoved]);
    expect(restarted).not.toBe(first);
});

test("a node leaves late: its key goes everywhere, nothing restarts, and nothing is lost between the others", async () => {
    const key = (await fleet.keys(["cecilia"]))["cecilia"]!;
    const before = await interfaces(three);
    const leaves = ["mesh: 10.44.0.12 }", "mesh: 10.44.0.22, leaving: true }"] as const;
    const { lost, seconds } = await change(inventoryOf(linesOf(four, { alice: moved, cecilia: leaves })));
    timed("a late leave, until its key is gone everywhere", seconds);
    for (const node of three)
        expect([node, await fleet.wireguard(node, "peers")]).toEqual([node, expect.not.stringContaining(key)]);
    expect([lost, await interfaces(three), await silent(three)]).toEqual([[0, 0], before, []]);
});
