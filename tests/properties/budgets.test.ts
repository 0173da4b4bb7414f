import fc from "fast-check";
import { designFleet } from "../../components/fleet/design";
import { checks } from "../../components/fleet/checks";
import { fleets, parsed } from "./fleets";

test("nothing is kept, drawn or paid that is less than nothing, and no more is kept than there is", () => {
    fc.assert(
        fc.property(fleets(40), (written) => {
            const { machines, budgets, costs } = designFleet(parsed(written));
            expect(Object.keys(machines)).toHaveLength(Object.keys(written.nodes).length);
            for (const { memory, reserve, watts, disk } of Object.values(machines)) {
                expect(memory - reserve).toBeGreaterThanOrEqual(0);
                expect(watts.busy).toBeGreaterThanOrEqual(watts.idle);
                expect(disk?.size ?? 1).toBeGreaterThan(0);
            }
            for (const { memory, disk } of Object.values(budgets)) {
                for (const { size, reserve, items } of [memory, ...(disk === undefined ? [] : [disk])]) {
                    expect(size).toBeGreaterThanOrEqual(reserve);
                    expect(items.every(({ bytes }) => bytes >= 0)).toBe(true);
                }
            }
            expect(costs.every(({ cost }) => cost.amount > 0)).toBe(true);
        }),
        { numRuns: 150 },
    );
});

test("no check throws, whatever the fleet, and every problem names a place that is written", () => {
    fc.assert(
        fc.property(fleets(25), (written) => {
            const inventory = parsed(written);
            const checked = {
                inventory,
                design: designFleet(inventory),
                stack: "random",
                nodeNames: Object.keys(written.nodes),
                keys: Object.keys(written),
                written: (path: readonly (string | number)[]): unknown =>
                    path.reduce<unknown>(
                        (at, key) => (at as Record<string, unknown> | undefined)?.[String(key)],
                        written,
                    ),
            };
            for (const { path, message, fix } of checks.flatMap((check) => check(checked))) {
                expect(checked.written(path.slice(0, 1))).toBeDefined();
                expect(`${message} ${fix}`).not.toMatch(/undefined|NaN|\[object/);
            }
        }),
        { numRuns: 150 },
    );
});
