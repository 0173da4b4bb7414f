import type { Check } from "../../fleet/check";
import { behindNat } from "../../node/machine";
import { typeOf } from "../../services/catalogue/catalogue";

const privateTypes: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]) => {
        const reason = typeOf(block, entry)?.private;
        if (entry.public === undefined || reason === undefined) return [];
        return [
            {
                code: "SE200" as const,
                path: ["services", block, "public"],
                message: `${entry.type ?? block} on the internet as ${entry.public}: ${reason}.`,
                fix: "Leave `public` out: the mesh reaches it.",
            },
        ];
    });

const lanServiceInPublic: Check = ({ inventory, design }) =>
    design.instances.flatMap(({ block, node, name, listeners }) => {
        const type = typeOf(block, inventory.services[block] ?? {});
        const entry = inventory.nodes[node];
        const forLan = listeners.some(({ scope }) => scope === "lan");
        if (type?.private === undefined || !forLan || entry === undefined || behindNat(entry)) return [];
        const address = entry.address ?? "a public address";
        return [
            {
                code: "SE200" as const,
                path: ["services", block, "at"],
                message: `${name} serves a LAN, and ${node} has none: it stands on the internet with ${address}. There ${type.private}.`,
                fix: "Place it on a node behind the router of the LAN that it is for.",
            },
        ];
    });

const openGateway: Check = ({ inventory }) => {
    const { public: name, keys = [] } = inventory.models?.gateway ?? {};
    if (name === undefined || keys.length > 0) return [];
    return [
        {
            code: "SE201" as const,
            path: ["models", "gateway", "public"],
            message: `${name} answers whoever asks: models.gateway.keys is empty, and every request takes the machine for seconds.`,
            fix: "Write `keys: [NAME]` beside it, and set each with `./fleet secret set gateway-key.NAME`.",
        },
    ];
};

const dockerBesidePublic: Check = ({ inventory, design }) =>
    design.instances
        .filter(({ type }) => type === "docker")
        .flatMap(({ block, node }) => {
            const entry = inventory.nodes[node];
            const isPublic = entry !== undefined && !behindNat(entry);
            const published = design.names.filter(({ nodes }) => nodes.includes(node)).map(({ of }) => of);
            if (!isPublic && published.length === 0) return [];
            const reason = isPublic ? "has a public address" : `serves ${published[0] ?? ""} to the internet`;
            return [
                {
                    code: "SE206" as const,
                    path: ["services", block, "at"],
                    message: `${node} ${reason}, and nobody here knows what Docker publishes: such a port stays closed, unless the plan opens the same one; then the container answers in the place of what was meant.`,
                    fix: "Write the containers as services of type `container`, or place Docker on a node that serves nobody outside.",
                },
            ];
        });

/** Checks on what can be reached from outside. */
export const exposureChecks: readonly Check[] = [privateTypes, lanServiceInPublic, openGateway, dockerBesidePublic];
