import type { Check } from "../../fleet/check";
import { didYouMean, formatPath, listOf, type Problem } from "../../fleet/errors";
import { groupBy } from "../../fleet/group";
import { planInternalNames, type PublicName } from "../../names/plan";

/** Groups of more than one with the same name. */
function repeated<T extends { readonly name: string }>(items: readonly T[]): (readonly T[])[] {
    return [...groupBy(items, ({ name }) => name).values()].filter((group) => group.length > 1);
}

function what({ kind, of }: PublicName): string {
    return { gateway: "the gateway", website: `the website ${of}`, service: of, redirect: `a redirect to ${of}` }[kind];
}

const publicOnce: Check = ({ design }) =>
    // The many of one block that share a name are SE172's.
    perBlock(repeated(design.names).filter((group) => differ(group))).map(([first, second, count]) => ({
        code: "SE180" as const,
        path: second.path,
        message: `${first.name} is ${what(first)} already (${formatPath(first.path)})${count > 1 ? `, and so with ${count - 1} more names` : ""}.`,
        fix: `Give ${what(second)} a name of its own${second.kind === "redirect" ? ", or leave the redirect out" : ""}.`,
    }));

function differ(group: readonly PublicName[]): boolean {
    return new Set(group.map(({ path }) => formatPath(path))).size > 1;
}

/** Who keeps a name that two want: the one everybody talks to first, a redirect last. */
const standing: readonly PublicName["kind"][] = ["gateway", "website", "service", "redirect"];

/** One problem for two blocks, however many names they share. */
function perBlock(groups: readonly (readonly PublicName[])[]): (readonly [PublicName, PublicName, number])[] {
    const pairs = new Map<string, [PublicName, PublicName, number]>();
    for (const group of groups) {
        const [first, second] = [...group].sort((a, b) => standing.indexOf(a.kind) - standing.indexOf(b.kind));
        if (first === undefined || second === undefined) continue;
        const key = `${formatPath(first.path)} ${formatPath(second.path)}`;
        const known = pairs.get(key);
        if (known === undefined) pairs.set(key, [first, second, 1]);
        else known[2]++;
    }
    return [...pairs.values()];
}

const redirectsLead: Check = ({ inventory, design }) => {
    const redirects = inventory.edge?.redirects ?? {};
    const served = design.names.filter(({ kind }) => kind !== "redirect").map(({ name }) => name);
    return Object.entries(redirects).flatMap(([from, to]): Problem[] => {
        const path = ["edge", "redirects", from];
        const trail = follow(redirects, from);
        const end = trail.at(-1) ?? to;
        if (trail.indexOf(end) < trail.length - 1) {
            // A loop is said once, at the first of its names; those that only lead into it wait for it to be mended.
            if (from !== end || from !== [...trail].sort()[0]) return [];
            const fix = "Let one of them lead to a name that is served.";
            return [{ code: "SE181", path, message: `${trail.join(" → ")}: a browser would go round for ever.`, fix }];
        }
        if (served.includes(end)) return [];
        const inside = Object.keys(inventory.domains).some((domain) => end === domain || end.endsWith(`.${domain}`));
        // A name that is not ours may well be served by somebody else.
        if (!inside) return [];
        const message = `${from} leads to ${end}, and nothing in the fleet is called that.`;
        const fix = didYouMean(
            end,
            served,
            `Write ${served.length > 6 ? "the `public` of a service or website" : listOf(served)}.`,
        );
        return [{ code: "SE181", path, message, fix }];
    });
};

/** The names that one comes through, itself first; ends at the first that was there before, or that leads nowhere. */
function follow(redirects: Readonly<Record<string, string>>, from: string): string[] {
    const trail = [from];
    for (let next = redirects[from]; next !== undefined; next = redirects[next]) {
        const seen = trail.includes(next);
        trail.push(next);
        if (seen) break;
    }
    return trail;
}

const insideOnce: Check = ({ inventory, design }) =>
    repeated(planInternalNames(inventory, design.instances))
        .slice(0, 20)
        .map((group) => [...group].sort((a, b) => Number(b.of === "models") - Number(a.of === "models")))
        .flatMap(([first, ...others]) =>
            others.map((other) => ({
                code: "SE186" as const,
                path: other.path,
                message: `${other.name} is ${first?.of ?? ""} already (${formatPath(first?.path ?? [])}), and would be ${other.of} too.`,
                fix: "Give one of the two another name.",
            })),
        );

/** Checks that a name leads to one thing. */
export const uniqueChecks: readonly Check[] = [publicOnce, redirectsLead, insideOnce];
