import { left, type Budget, type BudgetItem } from "../../budget/plan";
import type { Check, Checked } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { modelOf } from "../../models/catalogue";
import { canServe, enginesOn } from "../../models/engine";
import type { Fit } from "../../models/fit";
import { loadedAtOnce } from "../../models/resident";
import { inGib, memorySum } from "./words";

/** What is on a node beside its models. */
function besideModels({ items }: Budget): BudgetItem[] {
    return items.filter(({ path }) => path[0] !== "models" || path[1] !== "serve");
}

function roomFor(budget: Budget): number {
    return left({ ...budget, items: besideModels(budget) });
}

/** A model that is too large for a node even when it is the only one in memory, and the room that there is. */
interface TooLarge {
    readonly fit: Fit;
    readonly room: number;
}

function tooLarge({ design }: Checked): TooLarge[] {
    return design.fits.flatMap((fit): TooLarge[] => {
        const budget = design.budgets[fit.node]?.memory;
        if (budget === undefined) return [];
        const room = preallocates(fit) ? fit.resident : roomFor(budget);
        const need = fit.engine === "hailo-ollama" ? fit.resident : fit.weights + fit.cache + fit.overhead;
        return need <= room || room <= 0 ? [] : [{ fit, room }];
    });
}

function preallocates({ engine }: Fit): boolean {
    return engine === "vllm" || engine === "sglang";
}

/** Models that no node's memory holds, each with the arithmetic. */
export const modelFits: Check = (checked) =>
    tooLarge(checked).flatMap(({ fit, room }): Problem[] => {
        const budget = checked.design.budgets[fit.node]?.memory;
        if (budget === undefined) return [];
        const place = preallocates(fit)
            ? `${fit.engine} takes ${inGib(room)} of ${fit.node}`
            : `${fit.node}: ${memorySum(budget, besideModels(budget))} left`;
        const need = fit.weights + fit.cache + fit.overhead;
        return [
            {
                code: "SE140",
                path: fit.path,
                message: `${place}; ${fit.model} needs ${fit.arithmetic}.`,
                fix: preallocates(fit)
                    ? `Let ${fit.engine} take more (\`utilization: ${shareOf(need, budget.size)}\`), or shorten the context.`
                    : mendFit(checked, fit, room),
            },
        ];
    });

/** The utilization that is needed, rounded up. */
function shareOf(need: number, size: number): string {
    return (Math.ceil((need / size) * 100) / 100).toFixed(2);
}

function mendFit(checked: Checked, fit: Fit, room: number): string {
    const elsewhere = betterNodes(checked, fit);
    const tokens = shorterContext(checked, fit, room);
    return [
        ...(elsewhere.length === 0 ? [] : [`Serve it on ${listOf(elsewhere)}, where it fits`]),
        ...(tokens === undefined ? [] : [`give it \`context: ${tokens}\` here`]),
        ...(elsewhere.length + (tokens ?? 0) === 0 ? [`Take a smaller model, or a machine with more memory`] : []),
    ]
        .join(", or ")
        .replace(/^g/, "G")
        .concat(".");
}

/** Nodes with an engine for the model and room for it. */
function betterNodes({ inventory, design }: Checked, fit: Fit): string[] {
    return Object.entries(design.budgets)
        .filter(
            ([node, { memory }]) =>
                node !== fit.node &&
                roomFor(memory) >= fit.weights + fit.cache + fit.overhead &&
                enginesOn(inventory, node).some((engine) => canServe(inventory, engine, fit.model)),
        )
        .map(([node]) => node)
        .sort();
}

/** The longest context that would fit, a multiple of 1024; nothing when there is none. */
function shorterContext({ inventory }: Checked, fit: Fit, room: number): number | undefined {
    if (modelOf(inventory, fit.model)?.cache === undefined) return undefined;
    const perToken = fit.cache / fit.context;
    const tokens = Math.floor((room - fit.weights - fit.overhead) / perToken / 1024) * 1024;
    return tokens >= 1024 && tokens < fit.context ? tokens : undefined;
}

/** What is in memory at the same time, where no single model is to blame. */
export const memoryFits: Check = (checked) => {
    const blamed = new Set(tooLarge(checked).map(({ fit }) => fit.node));
    return Object.entries(checked.design.budgets).flatMap(([node, { memory }]): Problem[] => {
        if (left(memory) >= 0 || blamed.has(node) || overShared(checked, node)) return [];
        return [
            {
                code: "SE141",
                path: memory.items[0]?.path ?? ["nodes", node],
                message: `${node} has too little memory for what is in it at the same time: ${memorySum(memory, memory.items)}.`,
                fix: `Move some of it to ${listOf(roomiest(checked, node))}, ${lessOf(checked, node)}.`,
            },
        ];
    });
};

/** How a node that keeps several models in memory could keep fewer. */
function lessOf({ inventory, design }: Checked, node: string): string {
    const here = design.fits.filter((fit) => fit.node === node);
    if (here.some(({ engine }) => engine === "ollama") && (loadedAtOnce(inventory, "ollama") ?? 1) > 1)
        return "or lower `loaded` of ollama";
    return here.filter(({ engine }) => engine === "llama.cpp").length > 1
        ? "or serve by ollama, which loads one model at a time"
        : "or give some of it less";
}

function samePath(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
    return a.join("\0") === b.join("\0");
}

/** Whether vllm and sglang alone ask for more than a node has: SE148 says it. */
function overShared({ design }: Checked, node: string): boolean {
    const budget = design.budgets[node]?.memory;
    const shares = design.fits.filter((fit) => fit.node === node && (fit.engine === "vllm" || fit.engine === "sglang"));
    const inMemory = shares.filter(({ path }) => budget?.items.some((item) => samePath(item.path, path)) === true);
    const taken = inMemory.reduce((sum, { resident }) => sum + resident, 0);
    return budget !== undefined && taken > budget.size - budget.reserve;
}

/** The other nodes with most memory left, at most three. */
function roomiest({ design }: Checked, node: string): string[] {
    const others = Object.entries(design.budgets)
        .filter(([name, { memory }]) => name !== node && left(memory) > 0)
        .sort(([a, one], [b, other]) => left(other.memory) - left(one.memory) || a.localeCompare(b))
        .slice(0, 3)
        .map(([name, { memory }]) => `${name} (${inGib(left(memory))} left)`);
    return others.length === 0 ? ["a larger machine"] : others;
}

/** Memory that is nearly full: the next page goes to the swap, on a Raspberry Pi to the card. */
export const noSwapping: Check = ({ design }) =>
    Object.entries(design.budgets).flatMap(([node, { memory }]): Problem[] => {
        const free = left(memory);
        // What vllm and sglang take is theirs from the start and does not grow: SE148 and SE149 judge it.
        const shared = design.fits.some((fit) => fit.node === node && preallocates(fit));
        if (free < 0 || free >= memory.size / 10 || memory.items.length === 0 || shared) return [];
        return [
            {
                code: "SE154",
                path: ["nodes", node],
                message: `${node} will be ${Math.round((1 - free / memory.size) * 100)} % full: ${memorySum(memory, memory.items)}.`,
                fix: "Move something away, or give something less.",
            },
        ];
    });
