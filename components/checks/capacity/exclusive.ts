import type { Check } from "../../fleet/check";
import { didYouMean, listOf, type Problem } from "../../fleet/errors";
import type { Inventory } from "../../fleet/schema";
import { nodeOf } from "../../node/machine";

type Path = readonly (string | number)[];
type Group = NonNullable<Inventory["models"]>["exclusive"][string];

/** Members that are not served where their group takes turns, and a first one that is none of them. */
export const groupsHold: Check = ({ inventory, nodeNames }) =>
    Object.entries(inventory.models?.exclusive ?? {}).flatMap(([name, group]): Problem[] => {
        if (!nodeNames.includes(group.at)) return [];
        const path = ["models", "exclusive", name];
        return [
            ...[...new Set(group.members)].flatMap((member) => notThere(inventory, group, member, path)),
            ...twice(group.members, path),
            ...(group.boot === "none" || group.members.includes(group.boot) ? [] : [wrongBoot(group, path)]),
        ];
    });

function notThere(inventory: Inventory, { at }: Group, member: string, path: Path): Problem[] {
    const serve = inventory.models?.serve ?? {};
    const nodes = serve[member]?.at.map(nodeOf) ?? [];
    if (nodes.includes(at)) return [];
    const here = Object.keys(serve).filter((model) => serve[model]?.at.map(nodeOf).includes(at));
    return [
        {
            code: "SE146",
            path: [...path, "members"],
            message: `${member} is served on ${nodes.length === 0 ? "no node" : listOf(nodes)}, the group takes turns on ${at}.`,
            fix:
                nodes.length === 0
                    ? didYouMean(member, here, `Write models that ${at} serves: ${listOf(here)}.`)
                    : `Serve it on ${at} too, or take it out of the group.`,
        },
    ];
}

function twice(members: readonly string[], path: Path): Problem[] {
    return members
        .filter((member, index) => members.indexOf(member) !== index)
        .map((member) => ({
            code: "SE146" as const,
            path: [...path, "members"],
            message: `${member} is named twice.`,
            fix: "Name each member once.",
        }));
}

function wrongBoot({ boot, members }: Group, path: Path): Problem {
    return {
        code: "SE146",
        path: [...path, "boot"],
        message: `${boot} is no member, and would not stop for the others.`,
        fix: didYouMean(boot, [...members, "none"], `Write ${listOf([...members, "none"])}.`),
    };
}

/** A group of which no member starts with the machine. */
export const groupsAnswer: Check = ({ inventory, nodeNames }) =>
    Object.entries(inventory.models?.exclusive ?? {})
        .filter(([, { at, boot }]) => boot === "none" && nodeNames.includes(at))
        .map(([name, { at, members }]) => ({
            code: "SE157" as const,
            path: ["models", "exclusive", name, "boot"],
            message: `After a power cut ${at} serves neither ${listOf(members).replace(" or ", " nor ")} until somebody starts one.`,
            fix: `Write ${listOf(members)}, or accept it with the reason.`,
        }));
