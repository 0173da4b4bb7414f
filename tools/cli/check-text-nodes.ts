import { left, type Budget, type NodeBudget } from "../../components/budget/plan";
import type { Inventory } from "../../components/fleet/schema";
import type { Stack } from "../../components/fleet/stack";
import { showDisk, showMemory } from "../../components/fleet/units";
import { count } from "../../components/fleet/words";
import { bar, fitting, section, wrap, type Layout } from "./check-text-layout";
import { columns } from "./output";

/** Up to so many nodes are shown in full; of more, each takes a line. */
const inFull = 12;

/** The nodes with what is asked of their memory and disk. */
export function nodesText({ inventory, design }: Pick<Stack, "inventory" | "design">, layout: Layout): string[] {
    const names = Object.keys(inventory.nodes).sort();
    const lines = names.length > inFull ? brief(names, design.budgets, layout) : names.flatMap(inDetail);
    return section("Nodes", count(names.length, "node"), lines, layout);

    function inDetail(name: string): string[] {
        const budget = design.budgets[name];
        const node = inventory.nodes[name];
        const mesh = design.mesh[name]?.address;
        const words = [
            ...(node === undefined ? [] : describeNode(node, inventory)),
            ...(mesh === undefined ? [] : [`mesh ${mesh}`]),
        ];
        const head = wrap(words.join(" · "), `  ${name}  `, layout.width);
        return [...head, ...(budget === undefined ? [] : detail(budget, layout))];
    }
}

type NodeEntry = Inventory["nodes"][string];

function describeNode(node: NodeEntry, { ssh }: Inventory): string[] {
    const { droplet, hardware, disk, npu, location, region, address, offline, leaving } = node;
    const login = `${node.user ?? ssh.user}@${address ?? "(an address of its own)"}:${node.port ?? ssh.port ?? 22}`;
    const words = [droplet ?? hardware, disk, npu, location ?? region, login];
    return [
        ...words.filter((word) => word !== undefined),
        ...(offline === undefined ? [] : [`offline since ${offline}`]),
        ...(leaving === undefined ? [] : ["leaving"]),
    ];
}

function detail({ memory, disk }: NodeBudget, layout: Layout): string[] {
    return [
        ...budgetLines("memory", memory, showMemory, layout),
        ...(disk === undefined ? [] : budgetLines("disk", disk, showDisk, layout)),
    ];
}

function budgetLines(word: string, budget: Budget, show: (bytes: number) => string, layout: Layout): string[] {
    const lead = `    ${word.padEnd(6)} `;
    const { size, reserve, items } = budget;
    const free = left(budget);
    const amounts = `${show(usedOf(budget))} of ${show(size)}, ${show(reserve)} reserve`;
    const over = free < 0 ? layout.alarm(`, ${show(-free)} over`) : "";
    const shown = items.map(({ what, bytes }) => `${what} ${show(bytes)}`);
    const room = layout.width - lead.length;
    return [
        `${lead}${bar(usedOf(budget), reserve, size)} ${amounts}${over}`,
        ...(shown.length === 0 ? [] : [`${" ".repeat(lead.length)}${layout.dim(fitting(shown, room))}`]),
    ];
}

function brief(names: readonly string[], budgets: Readonly<Record<string, NodeBudget>>, layout: Layout): string[] {
    const rows = names.map((name) => {
        const { memory, disk } = budgets[name] ?? {};
        return [name, short(memory, showMemory), short(disk, showDisk), biggest(memory)];
    });
    const table = columns([["", "memory", "disk", "largest"], ...rows], "  ").split("\n");
    return table.map((line) => (line.length > layout.width ? `${line.slice(0, layout.width - 1)}…` : line));
}

function short(budget: Budget | undefined, show: (bytes: number) => string): string {
    if (budget === undefined) return "";
    const { size, reserve } = budget;
    const over = left(budget) < 0 ? "!" : " ";
    return `${bar(usedOf(budget), reserve, size, 8)}${over}${show(usedOf(budget)).padStart(8)} of ${show(size)}`;
}

function biggest(budget: Budget | undefined): string {
    return budget?.items[0]?.what ?? "";
}

function usedOf(budget: Budget): number {
    return budget.size - budget.reserve - left(budget);
}
