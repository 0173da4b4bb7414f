import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { someOf } from "../../fleet/words";
import { behindNat, nodeOf } from "../../node/machine";
import { dataServices } from "../../services/catalogue/data";
import { sharedFate } from "./domains";

/** A single nameserver in a fleet where another public node could be the second. */
export const nameservers: Check = ({ inventory }) => {
    const { dns, nodes } = inventory;
    if (dns === undefined) return [];
    const servers = [...new Set(dns.secondaries ?? [dns.primary])];
    const others = Object.entries(nodes)
        .filter(([name, node]) => !servers.includes(name) && !behindNat(node) && node.leaving === undefined)
        .map(([name]) => name)
        .sort();
    const [server = ""] = servers;
    const node = nodes[server];
    // One behind NAT is refused altogether (SE022).
    if (servers.length > 1 || node === undefined || behindNat(node) || others.length === 0) return [];
    return [
        {
            code: "SE130",
            path: ["dns"],
            message: `${server} alone answers for the domains: while it is down, every public name is gone.`,
            fix: `Write \`secondaries: [${[server, ...others.slice(0, 1)].join(", ")}]\`: the primary is hidden behind them then.`,
        },
    ];
};

/** Edges that one failure takes down. */
export const edges: Check = ({ inventory, design }) => {
    const at = [...new Set(inventory.edge?.at ?? [])];
    const machines = at.flatMap((name) => design.machines[name] ?? []);
    const shared = machines.length === at.length && at.length > 1 ? sharedFate(machines) : undefined;
    if (shared === undefined) return [];
    return [
        {
            code: "SE131",
            path: ["edge", "at"],
            message: `${at.join(" and ")} share ${shared.words}: what takes one down takes the other along.`,
            fix: "Put one of them into another region or house.",
        },
    ];
};

/** Models whose nodes all hang on one circuit. */
export const modelCircuits: Check = ({ inventory, design }) =>
    Object.entries(inventory.models?.serve ?? {}).flatMap(([model, { at }]): Problem[] => {
        const names = [...new Set(at.map(nodeOf))];
        const machines = names.flatMap((name) => design.machines[name] ?? []);
        const [first] = machines;
        if (machines.length < 2 || first?.circuit === undefined) return [];
        if (!machines.every(({ circuit, site }) => circuit === first.circuit && site === first.site)) return [];
        return [
            {
                code: "SE132",
                path: ["models", "serve", model],
                message: `${names.join(" and ")} stand in for each other and share circuit ${first.circuit} of ${first.site}: one fuse, and nobody serves ${model}.`,
                fix: "Add a node on another circuit, or move one.",
            },
        ];
    });

/** The only edge of a fleet of several machines, with databases on it. */
export const doorWithData: Check = ({ inventory, design }) => {
    const [edge, ...more] = inventory.edge?.at ?? [];
    if (edge === undefined || more.length > 0 || Object.keys(inventory.nodes).length < 2) return [];
    const stores = design.instances.filter(({ node, type }) => node === edge && Object.hasOwn(dataServices, type));
    if (stores.length === 0) return [];
    const names = [...new Set(stores.map(({ block }) => block))].sort();
    return [
        {
            code: "SE135",
            path: ["edge", "at"],
            message: `${edge} is the only door to the internet and keeps ${names.join(", ")}: who breaks in has the data, and who restarts it stops both.`,
            fix: `Move ${names.join(", ")} to a node without public names.`,
        },
    ];
};

/** A status page on a node with what it watches. */
export const statusPage: Check = ({ inventory, design }) =>
    design.instances
        .filter(({ type }) => type === "status")
        .flatMap(({ name, node, path }): Problem[] => {
            if (Object.keys(inventory.nodes).length < 2) return [];
            const beside = design.instances.filter((other) => other.node === node && other.type !== "status");
            const models = Object.entries(inventory.models?.serve ?? {}).filter(([, { at }]) =>
                at.map(nodeOf).includes(node),
            );
            const edgeAlone = inventory.edge?.at.every((one) => one === node) === true;
            const watched = [
                ...new Set([
                    ...beside.map(({ block }) => block),
                    ...models.map(([model]) => model),
                    ...(edgeAlone ? ["the only edge"] : []),
                ]),
            ];
            if (watched.length === 0) return [];
            return [
                {
                    code: "SE134",
                    path: [...path, "at"],
                    message: `${name} stands on ${node} with ${someOf(watched, 4, 4)}: when ${node} fails, nobody says so.`,
                    fix: "Place it on a node that carries nothing else.",
                },
            ];
        });
