import type { DropletPlan } from "../droplet/plan";
import type { RecordedDroplet, RecordedDroplets } from "../droplet/recorded";
import type { DesiredState } from "../converge/schema";
import { compareKeys, type Clause } from "./effects-change";
import type { Recorded, RecordedNode } from "./effects-recorded";
import { keptDirectories, removedClauses, roleClauses } from "./effects-role";
import { groupBy } from "./group";
import type { FleetPlan, NodePlan } from "./plan";
import { showDisk } from "./units";
import { count, someOf } from "./words";

/** One thing that happens, and the nodes it happens on. */
export interface Effect extends Clause {
    /** Sorted. */
    readonly nodes: readonly string[];
}

/** What the next `up` does, in words. */
export interface Effects {
    /** What happens on most nodes first. */
    readonly list: readonly Effect[];
    /** Nodes on which something happens; sorted. */
    readonly changed: readonly string[];
    /** How many nodes stay as they are. */
    readonly unchanged: number;
    /** Bytes that all nodes download together; packages and images not counted. */
    readonly download: number;
}

interface NodeEffects {
    readonly node: string;
    readonly clauses: readonly Clause[];
    readonly download: number;
}

/**
 * The difference between what every node was told last and what is planned now, for people. Pure.
 * @param program SHA-256 of the program that is installed with it; without it the program is not looked at
 * @param rented what the state says of droplets; without it nothing is said of their size, or of one that is given back
 */
export function planEffects(
    recorded: Recorded,
    plan: FleetPlan,
    program?: string,
    rented: RecordedDroplets = {},
): Effects {
    const back = Object.keys(rented).filter((node) => isGivenBack(node, plan, rented));
    const names = [...new Set([...Object.keys(recorded), ...Object.keys(plan.nodes), ...back])].sort();
    const nodes = names.map((name) => {
        const { node, clauses, download } = nodeEffects(name, recorded[name], plan, program, back);
        return { node, clauses: [...resizeClauses(rented[node], plan.cloud?.droplets[node]), ...clauses], download };
    });
    const changed = nodes.filter(({ clauses }) => clauses.length > 0);
    return {
        list: groupClauses(changed),
        changed: changed.map(({ node }) => node),
        unchanged: nodes.length - changed.length,
        download: changed.reduce((sum, { download }) => sum + download, 0),
    };
}

function nodeEffects(
    node: string,
    before: RecordedNode | undefined,
    plan: FleetPlan,
    program: string | undefined,
    back: readonly string[],
): NodeEffects {
    const after = plan.nodes[node];
    if (after === undefined) return { node, clauses: [goneClause(back.includes(node))], download: 0 };
    if (after.offline !== undefined) return { node, clauses: [], download: 0 };
    if (after.leaving) return { node, clauses: leavingClauses(before), download: 0 };
    const downloads = downloadsOf(before, after, plan);
    const download = downloads.reduce((sum, { bytes }) => sum + bytes, 0);
    if (before === undefined || before.incarnation !== after.incarnation) {
        return { node, clauses: newClauses(before, after, download, plan.cloud?.droplets[node]), download };
    }
    const pulled = downloads.map(({ name, bytes }): Clause => ({ text: `${name} (${showDisk(bytes)}) is downloaded` }));
    const replaced = program === undefined || before.program === program ? [] : [{ text: "converge.py is updated" }];
    return { node, clauses: [...replaced, ...pulled, ...roleChanges(before, after)], download };
}

/** Whether a node's droplet is there and nothing asks for it any more. */
function isGivenBack(node: string, { cloud }: FleetPlan, rented: RecordedDroplets): boolean {
    return rented[node]?.id !== undefined && cloud?.droplets[node] === undefined;
}

/** What becomes of a machine whose block is gone: one of yours stays, a rented one is given back. */
function goneClause(back: boolean): Clause {
    if (!back) return { text: "is forgotten; the machine itself is not touched" };
    return { text: "is given back: its droplet is deleted with its disk and its reserved IP", interrupts: true };
}

/** A droplet that stays and gets another size is switched off for that. */
function resizeClauses(before: RecordedDroplet | undefined, after: DropletPlan | undefined): Clause[] {
    if (before?.size === undefined || after === undefined || before.size === after.size) return [];
    if (before.incarnation !== after.incarnation) return [];
    const text = `is off for a minute or two (${before.size} → ${after.size}); its disk stays as it is`;
    return [{ lead: "resizes", text, interrupts: true }];
}

function roleChanges(before: RecordedNode, after: NodePlan): Clause[] {
    const { added, changed, removed } = compareKeys(before.roles, after.roles);
    const come = [...changed, ...added].flatMap((role) => {
        const wanted = after.roles[role];
        return wanted === undefined ? [] : roleClauses(before.roles[role], wanted);
    });
    const go = removed.flatMap((role) => {
        const was = before.roles[role];
        return was === undefined ? [] : removedClauses(was);
    });
    // A rotated secret is in every role that uses it.
    const once = new Map([...come, ...go].map((clause) => [clause.text, clause]));
    return [...once.values()];
}

function newClauses(
    before: RecordedNode | undefined,
    after: NodePlan,
    download: number,
    droplet: DropletPlan | undefined,
): Clause[] {
    const packages = Object.values(after.roles).flatMap((role) => Object.keys(role.packages ?? {}));
    const parts = [
        someOf(Object.keys(after.roles), 8),
        ...(packages.length > 0 ? [count(packages.length, "package")] : []),
        ...(download > 0 ? [`${showDisk(download)} to download`] : []),
    ].join("; ");
    if (before === undefined) {
        const machine = droplet === undefined ? "is new" : `is rented (${droplet.size} in ${droplet.region}) and new`;
        return [{ text: `${machine}: ${parts}` }];
    }
    const change = `incarnation ${before.incarnation} → ${after.incarnation}`;
    if (droplet === undefined) {
        return [{ text: `is a new machine (${change}), everything is sent again: ${parts}` }];
    }
    const services = Object.keys(after.roles).filter((role) => !ownRoles.has(role));
    const moves = services.length === 0 ? [] : [count(services.length, "service moves", "services move")];
    const lost = ["its disk is lost", "the reserved IP moves", ...moves, `everything is sent again (${change})`];
    return [{ lead: "replaces", text: `${lost.join("; ")}: ${parts}`, interrupts: true }];
}

/** Roles that every machine has for itself; all others serve somebody. */
const ownRoles: ReadonlySet<string> = new Set([
    "sshd",
    "anchor",
    "firewall",
    "packages",
    "wireguard",
    "base",
    "people",
]);

function leavingClauses(before: RecordedNode | undefined): Clause[] {
    const roles = Object.values(before?.roles ?? {});
    const kept = keptDirectories(roles);
    const data = kept.length === 0 ? "" : `; ${someOf(kept)} ${kept.length === 1 ? "stays" : "stay"}`;
    return [{ text: `leaves: ${count(roles.length, "role")} of ours taken off it${data}`, interrupts: true }];
}

interface Download {
    readonly name: string;
    readonly bytes: number;
}

/** What the node has not been told to keep so far, each file once. */
function downloadsOf(before: RecordedNode | undefined, after: NodePlan, plan: FleetPlan): Download[] {
    const same = before?.incarnation === after.incarnation ? Object.values(before.roles) : [];
    const there = new Set(same.flatMap((role) => Object.values(role.artifacts ?? {}).map(({ sha256 }) => sha256)));
    const found = new Map<string, Download>();
    for (const role of Object.values(after.roles)) {
        for (const [path, { sha256, bytes }] of Object.entries(role.artifacts ?? {})) {
            if (!there.has(sha256)) found.set(sha256, { name: artifactName(path, role, plan), bytes });
        }
    }
    return [...found.values()];
}

/** Weights are called by their model, programs by the last part of their path: `caddy-2.11.4`. */
function artifactName(path: string, { role }: DesiredState, { models }: FleetPlan): string {
    const model = models.find(({ slug }) => role === `model-${slug}`)?.model;
    return model !== undefined && path.includes("/models/") ? model : (path.split("/").at(-1) ?? path);
}

/** The same words on several nodes are said once. */
function groupClauses(nodes: readonly NodeEffects[]): Effect[] {
    const all = nodes.flatMap(({ node, clauses }) => clauses.map((clause) => ({ node, clause })));
    const list = [...groupBy(all, ({ clause }) => clause.text)].map(([text, group]): Effect => ({
        ...group[0]?.clause,
        text,
        nodes: group.map(({ node }) => node),
    }));
    return list.sort((a, b) => b.nodes.length - a.nodes.length);
}
