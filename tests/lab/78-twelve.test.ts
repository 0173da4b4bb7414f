import { parse } from "yaml";
import { inventorySchema } from "../../components/fleet/schema";
import { planPaths } from "../../components/mesh/paths";
import { fleetMust, timed } from "./program/measured";
import { heldBy, inUse, killed, Watch } from "./program/memory";
import * as fleet from "./program/seven";
import { all, pairsOf, recovery, silent } from "./program/seven";
import { plannedWays, takenWays } from "./program/ways";
import { lab, note } from "./support";

/*
 * Twelve machines at once: eight in three homes behind NATs of their own, one public, three droplets. What they take of this
 * computer's memory is printed, and is less than 24 GiB.
 */

const twelve = Object.keys(all);
const paths = planPaths(inventorySchema.parse(parse(fleet.inventoryOf(all))));
const [before, killedBefore] = [inUse(), killed()];
const watch = new Watch();
const sizes: string[] = [];

/** Notes for people what is in use. */
function measured(when: string): void {
    const line = `${when}: ${heldBy(twelve).toFixed(2)} GiB of the machines' processes, ${inUse().toFixed(2)} GiB in use`;
    sizes.push(line);
    note("twelve-memory.txt", `${sizes.join("\n")}\n`);
    console.log(line);
}

/** Seconds until every pair goes the way that is planned, and answers. */
async function settled(limit: number): Promise<number> {
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    // A droplet comes later than the others, who are at its standby until a full minute.
    const planned = plannedWays(paths);
    while ((await takenWays(twelve)).join() !== planned.join() && seconds() < limit);
    expect(await takenWays(twelve)).toEqual(planned);
    await recovery(twelve, limit, 3);
    return seconds();
}

beforeAll(async () => {
    await fleet.prepare(twelve);
    measured("nine machines booted");
    const start = performance.now();
    note("twelve-up.txt", await fleetMust("up"));
    timed("12 nodes from booted machines to the end of up", (performance.now() - start) / 1000);
    measured("the fleet is up");
});

afterAll(async () => {
    watch.stop();
    await fleet.dispose();
});

test("132 of 132 pairs answer, each by the path that the plan says", async () => {
    expect(pairsOf(twelve)).toHaveLength(132);
    const count = (kind: string): number => paths.filter(({ way }) => way.kind === kind).length;
    expect([count("lan"), count("public"), count("relayed")]).toEqual([8, 38, 20]);
    timed("132 pairs by the planned ways, after the end of up", await settled(240));
    const relayed = (one: string, other: string): boolean =>
        paths.find(({ between }) => between.includes(one) && between.includes(other))!.way.kind === "relayed";
    // The far end sends 64; a relay on the way takes one.
    const expected = pairsOf(twelve).map(([one, other]) => [one, other, relayed(one, other) ? 63 : 64]);
    expect(await fleet.heard(twelve, 3)).toEqual(expected);
});

test("a second up changes nothing", async () => {
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
});

test("all twelve lose their power and boot at once: every pair is back by itself, and up has nothing to do", async () => {
    await lab("power", "cut", ...twelve);
    const start = performance.now();
    await lab("power", "on", ...twelve);
    timed("12 machines from power on to their sshd", (performance.now() - start) / 1000);
    timed("132 pairs by the planned ways, after that", await settled(300));
    measured("all booted at once");
    expect(await silent(twelve, 3)).toEqual([]);
    expect(await fleetMust("up")).toMatch(/\b0 changed\b/);
});

test("it takes less than 24 GiB of memory, and nothing was killed for want of it", () => {
    console.log(`In use before the lab: ${before.toFixed(2)} GiB; at most: ${watch.peak.toFixed(2)} GiB`);
    expect(watch.peak).toBeLessThan(24);
    expect(killed()).toBe(killedBefore);
});
