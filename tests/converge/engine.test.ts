import type { Role } from "../../components/converge/schema";
import type { RawFleet } from "../lab/program/raw";
import { runWith, type Ability } from "./stand-in";

// A start of Node and of the SDK each.
jest.setTimeout(60_000);

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0";
const fleetOf = (roles: Readonly<Record<string, Role>>): RawFleet => ({
    nodes: { alice: { address: "192.0.2.1", port: 22, user: "pi", road: 20_000, hostKey, roles } },
});
const dangerous: Role = { confirm: {} };
const features = ["secrets", "resourceReferences", "aliasSpecs"];
const current: Ability = { version: "3.259.0", features: [...features, "resourceHooks", "errorHooks"] };
const old: [string, Ability][] = [
    ["that knows no hooks on errors, nor the question for its version", { features }],
    ["whose hooks on errors do not see every failure", { version: "3.243.0", features: [...features, "errorHooks"] }],
];

test("what can cut the operator off, and the sweep, are run again by the engine; nothing else is", async () => {
    const { code, registered, hooks } = await runWith(current, fleetOf({ firewall: dangerous, web: {} }));
    expect([code, hooks]).toEqual([0, ["confirm"]]);
    expect([...registered].filter(([, of]) => of.length > 0)).toEqual([
        ["firewall on alice", ["confirm"]],
        ["finish on alice", ["confirm"]],
    ]);
    expect([...registered.keys()]).toContain("web on alice");
});

test.each(old)("an engine %s is refused before anything is registered", async (_, ability) => {
    const { code, registered, text } = await runWith(ability, fleetOf({ firewall: dangerous, web: {} }));
    expect(code).not.toBe(0);
    expect(text).toMatch(/older than 3\.244\.0 .* firewall on alice could lock you out\. Nothing was changed\./);
    expect(text).not.toMatch(/\n +at /);
    expect([...registered.keys()].filter((name) => name !== "raw-dev")).toEqual([]);
});

test.each(old)("an engine %s serves where nothing is dangerous", async (_, ability) => {
    const { code, registered, hooks } = await runWith(ability, fleetOf({ web: {} }));
    expect([code, hooks]).toEqual([0, []]);
    expect([...registered.keys()]).toContain("finish on alice");
});
