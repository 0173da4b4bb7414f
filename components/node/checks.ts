import type { Check } from "../fleet/check";
import { didYouMean, listOf, type Problem } from "../fleet/errors";
import { contains, isPrivate, parsePrefix } from "../fleet/net";
import { nodeSchema } from "./schema";
import { images } from "./droplets";
import { hardwareNames, hardwareOf } from "./hardware";

const anyNode: Check = ({ nodeNames }) =>
    nodeNames.length > 0
        ? []
        : [
              {
                  code: "SE006" as const,
                  path: ["nodes"],
                  message: "There is no node yet.",
                  fix: "Add a node first: `./fleet add NAME ADDRESS` looks at the machine and writes its line.",
              },
          ];

const duplicateAddress: Check = ({ inventory }) => {
    const first = new Map<string, string>();
    // A machine that is gone for good is not dialled: another may have its address by now.
    const dialled = Object.entries(inventory.nodes).filter(([, { leaving }]) => leaving !== "gone");
    return dialled.flatMap(([name, node]) => {
        if (node.address === undefined) return [];
        const other = first.get(node.address);
        if (other === undefined) {
            first.set(node.address, name);
            return [];
        }
        return [
            {
                code: "SE010" as const,
                path: ["nodes", name, "address"],
                message: `${node.address} is the address of ${other} already.`,
                fix: `Give ${name} its own address, or delete one of the two nodes.`,
            },
        ];
    });
};

const location: Check = ({ inventory }) => {
    const known = Object.keys(inventory.locations);
    return Object.entries(inventory.nodes).flatMap(([name, node]) => {
        if (node.location === undefined || known.includes(node.location)) return [];
        return [
            {
                code: "SE013" as const,
                path: ["nodes", name, "location"],
                message: `Location "${node.location}" is not declared.`,
                fix: didYouMean(
                    node.location,
                    known,
                    known.length === 0
                        ? "Add it under locations:."
                        : `Add it under locations:, or write ${listOf(known)}.`,
                ),
            },
        ];
    });
};

const hardware: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        if (node.hardware === undefined || hardwareOf(node.hardware) !== undefined) return [];
        return [
            {
                code: "SE014" as const,
                path: ["nodes", name, "hardware"],
                message: `Hardware "${node.hardware}" is not known.`,
                fix: hardwareFix(node.hardware),
            },
        ];
    });

/** The sizes of a board that was named with another memory, else the nearest name. */
function hardwareFix(written: string): string {
    const board = /^pi\d-/.exec(written)?.[0];
    const sizes = hardwareNames.filter((name) => board !== undefined && name.startsWith(board));
    if (/^pi\d-\d+gb$/.test(written) && sizes.length > 0) return `Write ${listOf(sizes)}.`;
    return didYouMean(written, hardwareNames, `Write ${listOf(hardwareNames)} (ARCH-MEMORYgb fits any box).`);
}

const insideLan: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        const lan = inventory.locations[node.location ?? ""]?.lan;
        if (
            lan === undefined ||
            node.address === undefined ||
            !isPrivate(node.address) ||
            contains(parsePrefix(lan), node.address)
        )
            return [];
        return [
            {
                code: "SE016" as const,
                path: ["nodes", name, "address"],
                message: `${node.address} lies outside ${lan}, the LAN of ${node.location ?? ""}.`,
                fix: "Correct the address, the location or its `lan`.",
            },
        ];
    });

const oneKind: Check = ({ nodeNames, written }) =>
    nodeNames.flatMap((name) => {
        // What is no map at all is said by SE003; a key that SE002 asks about may be the one that is missing.
        const entry = written(["nodes", name]);
        if (typeof entry !== "object" || entry === null) return [];
        if (Object.keys(entry).some((key) => !Object.hasOwn(nodeSchema.shape, key))) return [];
        const has = (key: string): boolean => written(["nodes", name, key]) !== undefined;
        const wrong = wrongKind(name, has);
        return wrong === undefined ? [] : [{ code: "SE018" as const, path: ["nodes", name], ...wrong }];
    });

function wrongKind(name: string, has: (key: string) => boolean): Pick<Problem, "message" | "fix"> | undefined {
    if (has("hardware") && has("droplet")) {
        return {
            message: `${name} is said to exist (hardware) and to be rented (droplet).`,
            fix: "Keep one of the two.",
        };
    }
    if (!has("hardware") && !has("droplet")) {
        return {
            message: `Nobody says what ${name} is.`,
            fix: "Write `hardware: pi5-8gb` for a machine that exists, or `droplet: s-1vcpu-1gb` for one to rent.",
        };
    }
    if (has("hardware") && !has("address")) {
        return { message: `Nobody says where ${name} is.`, fix: "Write `address: ADDRESS`, as it is reached at." };
    }
    if (has("droplet") !== has("region")) {
        return {
            message: has("droplet") ? `The droplet ${name} has no region.` : `${name} is no droplet and has a region.`,
            fix: has("droplet") ? "Write `region: nyc3` or another." : "Write `location:` for a place of your own.",
        };
    }
    if (has("droplet") && has("address")) {
        return {
            message: `The droplet ${name} is said to have an address: it gets a reserved one when it is made.`,
            fix: "Leave `address:` out, or write `hardware: amd64-1gb` for a machine that is there already.",
        };
    }
    return undefined;
}

/** A droplet starts from an image of its system. */
const image: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, { droplet, os }]) =>
        droplet === undefined || os === undefined || images[os] !== undefined
            ? []
            : [
                  {
                      code: "SE018" as const,
                      path: ["nodes", name, "os"],
                      message: `DigitalOcean has no image of ${os}.`,
                      fix: `Write one of ${Object.keys(images).join(", ")}.`,
                  },
              ],
    );

/** Checks on the machines themselves. */
export const nodeChecks: readonly Check[] = [oneKind, anyNode, duplicateAddress, location, hardware, image, insideLan];
