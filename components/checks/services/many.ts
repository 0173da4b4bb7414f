import type { Check, Checked } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import type { ServiceEntry } from "../../services/schema";
import { typeOf } from "../../services/catalogue/catalogue";
import type { WebsiteEntry } from "../../websites/schema";

type Block = readonly [path: readonly string[], entry: ServiceEntry | WebsiteEntry];

function blocksOf({ inventory }: Checked): Block[] {
    return [
        ...Object.entries(inventory.websites).map(([block, entry]): Block => [["websites", block], entry]),
        ...Object.entries(inventory.services).map(([block, entry]): Block => [["services", block], entry]),
    ];
}

/** The texts of a block in which `{name}` may stand, by key. */
function textsOf(entry: ServiceEntry | WebsiteEntry): [key: string, text: string][] {
    const { public: name, image, secrets = [] } = entry as ServiceEntry;
    const single = { public: name, image };
    return [
        ...Object.entries(single).flatMap(([key, text]): [string, string][] =>
            text === undefined ? [] : [[key, text]],
        ),
        ...secrets.map((text): [string, string] => ["secrets", text]),
    ];
}

const nameWithoutEach: Check = (checked) =>
    blocksOf(checked).flatMap(([path, entry]) =>
        textsOf(entry)
            .filter(([, text]) => entry.each === undefined && text.includes("{name}"))
            .map(([key, text]) => ({
                code: "SE172" as const,
                path: [...path, key],
                message: `"${text}" has a {name}, and the block has no \`each\` that gives names.`,
                fix: "Write the name itself, or add `each:` with the names.",
            })),
    );

const otherPlaceholder: Check = (checked) =>
    blocksOf(checked).flatMap(([path, entry]) =>
        textsOf(entry).flatMap(([key, text]): Problem[] => {
            const other = [...text.matchAll(/\{([^{}]*)\}/g)].find(([, inner]) => inner !== "name");
            if (other === undefined) return [];
            return [
                {
                    code: "SE172",
                    path: [...path, key],
                    message: `"${text}" has ${other[0]}, which stands for nothing here.`,
                    fix: "Only {name} is filled in, with each of the names of `each`.",
                },
            ];
        }),
    );

const manyWithoutName: Check = (checked) =>
    blocksOf(checked).flatMap(([path, { each, public: name }]) => {
        if (each === undefined || each.length < 2 || name === undefined || name.includes("{name}")) return [];
        const [section, block = ""] = path;
        const taken =
            section === "websites" ||
            typeOf(block, checked.inventory.services[block] ?? {})?.options.includes("public");
        // Where `public` does not belong at all, SE170 says so.
        if (taken !== true) return [];
        return [
            {
                code: "SE172" as const,
                path: [...path, "public"],
                message: `All ${each.length} of \`each\` would be called ${name}.`,
                fix: `Write {name} in it, for example {name}.${name.split(".").slice(-2).join(".")}.`,
            },
        ];
    });

const enoughPorts: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, { ports, each }]) => {
        if (ports === undefined) return [];
        const wanted = each?.length ?? 1;
        const path = ["services", block, "ports"];
        const width = ports.last - ports.first + 1;
        const range = `${ports.first}-${ports.first + wanted - 1}`;
        if (width < 1 || ports.last > 65_535)
            return [
                {
                    code: "SE173" as const,
                    path,
                    message: `${ports.first}-${ports.last} is no range of ports: they go up, from 1 to 65535.`,
                    fix: `Write ${wanted === 1 ? "one port" : `a range of ${wanted}, like 9001-${9000 + wanted}`}.`,
                },
            ];
        if (width >= wanted) return [];
        return [
            {
                code: "SE173" as const,
                path,
                message: `${width === 1 ? "One port" : `${width} ports`} for ${wanted} names.`,
                fix: `Write ${range}, or leave \`ports\` out: each gets one that depends on its name.`,
            },
        ];
    });

const once: Check = ({ inventory, design }) => {
    const first = new Map<string, string>();
    return design.instances.flatMap(({ block, type, node, name }): Problem[] => {
        if (typeOf(block, inventory.services[block] ?? {})?.many !== false) return [];
        const key = `${type} ${node}`;
        const other = first.get(key);
        if (other === undefined) {
            first.set(key, name);
            return [];
        }
        const fix = "Leave one of them out, or place it on another node.";
        return [
            { code: "SE175", path: ["services", block], message: `${node} has ${type} already, as ${other}.`, fix },
        ];
    });
};

/** Checks on blocks that are many. */
export const manyChecks: readonly Check[] = [nameWithoutEach, otherPlaceholder, manyWithoutName, enoughPorts, once];
