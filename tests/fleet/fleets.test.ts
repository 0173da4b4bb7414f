import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadInventory, type Loaded } from "../../components/fleet/load";

const load = (name: string): Loaded =>
    loadInventory(name, `${name}.yaml`, readFileSync(resolve(__dirname, `../../stacks/${name}.yaml`), "utf8"));

test.each(["blackroad", "openclaw", "sovgrid"])(
    "%s stands: no error, and every warning is accepted with a reason",
    (name) => {
        expect(load(name).warnings).toEqual([]);
    },
);

test("blackroad carries what its document counts", () => {
    const { inventory, design } = load("blackroad");
    const many = (block: string): number => design.instances.filter((instance) => instance.block === block).length;
    const sites = Object.values(inventory.websites).map(({ each }) => each?.length ?? 1);
    expect({
        nodes: Object.keys(inventory.nodes).length,
        domains: Object.keys(inventory.domains).length,
        names: design.names.length,
        sites: sites.reduce((sum, count) => sum + count, 0),
        applications: many("applications"),
        agents: many("agents"),
        workers: many("workers"),
        models: Object.values(inventory.models?.serve ?? {}).filter(({ at }) => at.includes("cecilia")).length,
        tunnels: Object.values(design.mesh).flatMap(({ peers }) => peers).length / 2,
    }).toEqual({
        nodes: 7,
        domains: 20,
        names: 151,
        sites: 37 + 334,
        applications: 17,
        agents: 18,
        workers: 15,
        models: 16,
        tunnels: 21,
    });
});

test("sovgrid has one model in memory at a time, and three identities", () => {
    const { inventory, design } = load("sovgrid");
    expect(inventory.models?.exclusive["switch"]?.members).toHaveLength(3);
    expect(design.instances.filter(({ type }) => type === "nostr")).toHaveLength(3);
});
