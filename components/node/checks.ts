import type { Check } from "../fleet/check";
import { didYouMean, listOf } from "../fleet/errors";
import { contains, isPrivate, parsePrefix } from "../fleet/net";
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
                fix: didYouMean(node.location, known, `Add it under locations:, or write ${listOf(known)}.`),
            },
        ];
    });
};

const hardware: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        if (hardwareOf(node.hardware) !== undefined) return [];
        return [
            {
                code: "SE014" as const,
                path: ["nodes", name, "hardware"],
                message: `Hardware "${node.hardware}" is not known.`,
                fix: didYouMean(
                    node.hardware,
                    hardwareNames,
                    `Write ${listOf(hardwareNames)} (ARCH-MEMORYgb fits any box).`,
                ),
            },
        ];
    });

const insideLan: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        const lan = inventory.locations[node.location ?? ""]?.lan;
        if (lan === undefined || !isPrivate(node.address) || contains(parsePrefix(lan), node.address)) return [];
        return [
            {
                code: "SE016" as const,
                path: ["nodes", name, "address"],
                message: `${node.address} lies outside ${lan}, the LAN of ${node.location ?? ""}.`,
                fix: "Correct the address, the location or its `lan`.",
            },
        ];
    });

/** Checks on the machines themselves. */
export const nodeChecks: readonly Check[] = [anyNode, duplicateAddress, location, hardware, insideLan];
