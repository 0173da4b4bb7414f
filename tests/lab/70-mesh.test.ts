import { planPaths } from "../../components/mesh/paths";
import { inventorySchema } from "../../components/fleet/schema";
import { parse } from "yaml";
import { lab, note, on, until } from "./support";
import { fleetMust, interfaces, timed } from "./program/measured";
import { probe } from "./program/probe";
import * as fleet from "./program/seven";
import { lines, meshAddress, recovery, seven, silent } from "./program/seven";

const paths = planPaths(inventorySchema.parse(parse(fleet.inventoryOf())));
const relayed = paths.filter(({ way }) => way.kind === "relayed");
beforeAll(async () => {
    await fleet.prepare();
    const start = performance.now();
    note("mesh-up.txt", await fleetMust("up"));
    timed("7 nodes from booted machines to the end of up", (performance.now() - start) / 1000);
});

afterAll(async () => {
    await fleet.dispose();
});

test("42 of 42 pairs answer, each through the path that the plan says", async () => {
    expect(relayed).toHaveLength(8);
    expect(await silent()).toEqual([]);
    for (const { between, way } of relayed) {
        const [one, other] = between;
        // A droplet comes later than the others, who are at its standby until a full minute.
        const planned = async (): Promise<boolean> => (await fleet.relayOf(one, other)) === way.via;
        await until(`${one} to have ${other} at ${way.via!}`, 180, planned);
    }
    await recovery(seven, 30);
    for (const node of ["alice", "aria"]) {
        const others = seven.filter((other) => other !== node);
        const ttl = await fleet.answers(node, others, 5);
        for (const { between, way } of paths.filter(({ between }) => between.includes(node))) {
            const other = between.find((name) => name !== node)!;
            // The far end sends 64; a relay on the way takes one.
            expect([node, other, ttl[other]]).toEqual([node, other, way.kind === "relayed" ? 63 : 64]);
        }
    }
});

test("a second up changes nothing", async () => {
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
});

test("a node leaves and joins: no interface restarts, nothing is lost between others, its key goes everywhere", async () => {
    const others = seven.filter((node) => node !== "lucidia");
    const before = await interfaces(others);
    const key = (await fleet.keys())["lucidia"]!;
    const watched = [
        ["alice", "cecilia"],
        ["octavia", "gematria"],
        ["aria", "anastasia"],
    ] as const;
    const probes = watched.map(([from, to]) => probe(from, meshAddress(to)));
    fleet.write(fleet.inventoryOf({ ...lines, lucidia: lines["lucidia"]!.replace(" }", ", leaving: true }") }));
    await fleetMust("up");
    for (const node of others)
        expect([node, await fleet.wireguard(node, "peers")]).toEqual([node, expect.not.stringContaining(key)]);
    fleet.write(fleet.inventoryOf());
    fleet.pin(seven);
    await fleetMust("up");
    const seen = await Promise.all(probes.map(({ stop }) => stop()));
    expect(seen.map(({ lost }) => lost)).toEqual([0, 0, 0]);
    expect(seen.filter(({ sent }) => sent < 50)).toEqual([]);
    expect(await interfaces(others)).toEqual(before);
    timed("a node that joined, after the end of up", await recovery(seven, 30));
});

describe("what goes wrong heals by itself", () => {
    const homes = ["alice", "cecilia", "octavia", "lucidia", "aria"];
    const across = relayed.find(({ between }) => between.includes("octavia") && between.includes("alice"))!;
    const relay = across.way.via!;
    const standby = across.way.standby![0]!;

    test("a crash", async () => {
        await lab("power", "cut", "octavia");
        await lab("power", "on", "octavia");
        timed("crash and rejoin", await recovery(seven, 90));
    });

    test("three that restart at once", async () => {
        for (const node of ["alice", "lucidia", standby]) await lab("power", "cut", node);
        for (const node of ["alice", "lucidia", standby]) await lab("power", "on", node);
        timed("three restarted at once", await recovery(seven, 120));
    });

    test("a home that is cut off, and joined again", async () => {
        await lab("link", "cut", "cabin");
        expect(await silent(["octavia", "lucidia"])).toEqual([]);
        expect(await silent(["alice", "cecilia", "aria", "gematria", "anastasia"])).toEqual([]);
        expect(await silent(["octavia", "alice"])).toHaveLength(2);
        await lab("link", "restore", "cabin");
        timed("a home joined again", await recovery(seven, 90));
    });

    test("a home with a new public address", async () => {
        await lab("wan", "cabin", "203.0.113.31");
        timed("a new public address", await recovery(seven, 60));
        expect(await fleet.wireguard("gematria", "endpoints")).toMatch(/203\.0\.113\.31:/);
    });

    test("a router that draws its ports", async () => {
        await lab("nat", "cabin", "symmetric");
        timed("symmetric NAT", await recovery(seven, 60));
        await lab("nat", "cabin", "cone");
        await recovery(seven, 60);
    });

    test("a relay that dies: the other one takes over at both ends, an up leaves it so, and the first one takes it back", async () => {
        await lab("power", "cut", relay);
        timed("relay killed", await recovery(homes, 90));
        expect(await fleet.relayOf("alice", "octavia")).toBe(standby);
        const up = await fleet.fleet("up");
        expect([up.code, up.text]).toEqual([1, expect.stringMatching(new RegExp(`${relay}.*does not answer`))]);
        expect(up.text).toMatch(/\b0 changed\b/);
        expect(await silent(homes)).toEqual([]);
        await lab("power", "on", relay);
        const start = performance.now();
        const back = async (): Promise<boolean> =>
            (await fleet.relayOf("alice", "octavia")) === relay && (await fleet.relayOf("octavia", "alice")) === relay;
        await until("the first relay to be taken again", 240, back);
        timed("first relay taken again", (performance.now() - start) / 1000);
        timed("all pairs after that", await recovery(seven, 60));
        expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
    });
});

test("a narrow line: its width in the inventory restarts every interface once, confirmed, and whole packets fit", async () => {
    const fits = (bytes: number, from: string, to: string): Promise<boolean> =>
        on(from, "ping", "-n", "-c3", "-i0.3", "-W2", "-Mdo", `-s${bytes - 28}`, meshAddress(to)).then(
            () => true,
            () => false,
        );
    await lab("mtu", "cabin", "1280");
    expect(await fits(1420, "gematria", "octavia")).toBe(false);
    const before = await interfaces(seven);
    fleet.write(fleet.inventoryOf(lines, ", mtu: 1280"));
    const text = await fleetMust("up");
    note("mesh-mtu.txt", text);
    expect(text).toMatch(/every tunnel restarts because MTU 1420 → 1200; undone unless a fresh connection confirms it/);
    timed("after a restart of every interface", await recovery(seven, 60));
    const after = await interfaces(seven);
    for (const node of seven) expect([node, after[node]]).not.toEqual([node, before[node]]);
    for (const [from, to] of [
        ["gematria", "octavia"],
        ["alice", "lucidia"],
        ["octavia", "aria"],
    ] as const)
        expect([from, to, await fits(1200, from, to)]).toEqual([from, to, true]);
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
});
