import type { Check, Checked } from "../../fleet/check";
import { didYouMean, listOf, type Problem } from "../../fleet/errors";
import { groupBy } from "../../fleet/group";
import { staying } from "../../fleet/leaving";
import { someOf } from "../../fleet/words";
import { planPaths, type Way } from "../../mesh/paths";
import { behindNat } from "../../node/machine";

/** Bastions that are no way at all, or a poor one. */
export const bastions: Check = (checked) =>
    Object.entries(checked.inventory.nodes).flatMap(([name, { via: ways = [] }]) =>
        ways.flatMap((via): Problem[] => {
            const path = ["nodes", name, "via"];
            const impossible = deadEnd(name, via, checked);
            return impossible === undefined
                ? weakPoints(name, via, checked).map((problem) => ({ ...problem, path }))
                : [{ code: "SE122", path, ...impossible }];
        }),
    );

function deadEnd(
    name: string,
    via: string,
    { inventory, nodeNames }: Checked,
): Pick<Problem, "message" | "fix"> | undefined {
    const { nodes } = inventory;
    const others = nodeNames.filter((other) => other !== name && nodes[other]?.leaving === undefined);
    const open = others.filter((other) => {
        const node = nodes[other];
        return node !== undefined && !behindNat(node);
    });
    const otherwise = open.length === 0 ? "Leave the key out." : `Write ${listOf(open)}.`;
    if (via === name) return { message: `${name} would be reached through itself.`, fix: otherwise };
    if (!nodeNames.includes(via))
        return { message: `There is no node "${via}" to go through.`, fix: didYouMean(via, others, otherwise) };
    if (nodes[via]?.leaving !== undefined)
        return {
            message: `${via} leaves the fleet: ${name} could not be reached through it any more.`,
            fix: otherwise,
        };
    const round = circle([name, via], inventory.nodes);
    return round === undefined
        ? undefined
        : { message: `The road goes round: ${round.join(" via ")}.`, fix: otherwise };
}

/** The nodes from the first of a walk back to it, when going on by `via` leads there. */
function circle(walk: readonly string[], nodes: Checked["inventory"]["nodes"]): string[] | undefined {
    for (const next of nodes[walk.at(-1) ?? ""]?.via ?? []) {
        if (next === walk[0]) return [...walk, next];
        const round = walk.includes(next) ? undefined : circle([...walk, next], nodes);
        if (round !== undefined) return round;
    }
    return undefined;
}

function weakPoints(name: string, via: string, { inventory }: Checked): Omit<Problem, "path">[] {
    const [node, bastion] = [inventory.nodes[name], inventory.nodes[via]];
    if (node === undefined || bastion === undefined) return [];
    const problems: Omit<Problem, "path">[] = [];
    if (behindNat(bastion) && bastion.via === undefined) {
        problems.push({
            code: "SE123",
            message: `${via} stands behind NAT (${bastion.address ?? ""}): from outside its LAN, ${name} cannot be reached through it either.`,
            fix: "Go through a node with a public address.",
        });
    }
    if (bastion.offline !== undefined && node.offline === undefined) {
        problems.push({
            code: "SE124",
            message: `${via} is offline since ${bastion.offline}, and the way to ${name} leads through it.`,
            fix: `Go through another node, or mark ${name} as offline too.`,
        });
    }
    return problems;
}

/** Pairs whose only relay is switched off. */
export const deadRelays: Check = ({ inventory }) => {
    const isDead = ({ via = "" }: Way): boolean => inventory.nodes[via]?.offline !== undefined;
    const dead = planPaths(staying(inventory), isDead);
    return [...groupBy(dead, ({ way }) => way.via ?? "")].map(([relay, paths]) => ({
        code: "SE125" as const,
        path: ["nodes", relay, "offline"],
        message: `${relay} is offline, and no other node is public: ${someOf(
            paths.map(({ between }) => between.join(" and ")),
            3,
            3,
        )} cannot reach each other.`,
        fix: `Bring ${relay} back, or add another node with a public address.`,
    }));
};
