import { relative } from "node:path";
import { artifactProblems } from "./artifacts";
import { InventoryError, type PlacedProblem, type Problem } from "./errors";
import { notBuilt } from "./built";
import { departedNodes, unsaidNodes } from "./leaving";
import { sortByPlace } from "./load";
import { dropletProblems } from "../droplet/complete";
import { isDroplet, tokenSecret } from "../droplet/plan";
import { planSecrets } from "../secrets/plan";
import type { Stack } from "./stack";

/**
 * Refuses a stack that lacks something the operator has to fetch or set first: locked artifacts, host keys, roads, secrets.
 * @throws InventoryError with every problem at once
 */
export function requireComplete(stack: Stack): void {
    const problems = completenessProblems(stack);
    if (problems.length > 0) throw new InventoryError(sortByPlace(problems));
}

/** What is missing beside the inventory, each with the verb that mends it. */
export function completenessProblems(stack: Stack): PlacedProblem[] {
    const { inventory, lock, files, hostKeys } = stack;
    const departed = departedNodes(stack);
    const nodes = Object.entries(inventory.nodes).filter(([name]) => !departed.includes(name));
    const inLock = (problem: Problem): PlacedProblem => ({ ...problem, file: shown(files.lock), line: 1, column: 1 });
    return [
        ...[...notBuilt(stack), ...dropletProblems(stack)].map((problem) => stack.place(problem)),
        ...artifactProblems(inventory, lock).map(inLock),
        ...nodes
            .filter(([name]) => lock.roads[name] === undefined)
            .map(([name, node]) =>
                inLock({
                    code: "SE042",
                    path: ["roads", name],
                    message: `${name} has no road.`,
                    fix: isDroplet(node)
                        ? "Run `./fleet pin`, which notes one."
                        : addFix(name, node.address ?? "ADDRESS"),
                }),
            ),
        ...nodes
            .filter(([name, node]) => !isDroplet(node) && !hostKeys.some((key) => key.node === name))
            .map(([name, { address }]) => ({
                code: "SE041" as const,
                path: [name],
                message: `There is no pinned host key of ${name}.`,
                fix: addFix(name, address ?? "ADDRESS"),
                file: shown(files.knownHosts),
                line: 1,
                column: 1,
            })),
        ...unsaidNodes(stack).map((name) => stack.placeInLock(unsaid(name, shown(files.inventory)))),
        ...secretProblems(stack),
    ];
}

/** A node whose block was deleted while it may still hold roles. */
function unsaid(name: string, inventory: string): Problem {
    return {
        code: "SE044",
        path: ["roads", name],
        message: `${name} is in the lock and no longer in ${inventory}: what runs on it would run on for ever.`,
        fix: [
            `Write its block again with \`leaving: true\` and run \`./fleet up\`, which cleans it and takes this line away;`,
            `write \`leaving: gone\` when the machine is gone for good. If it was cleaned already (by a bare \`pulumi up\`,`,
            `\`reset\` or \`destroy\`), delete this line.`,
        ].join(" "),
    };
}

function secretProblems({ inventory, secretNames, place }: Stack): PlacedProblem[] {
    return Object.entries(planSecrets(inventory))
        .filter(([name, source]) => source.kind === "operator" && !secretNames.includes(name))
        .map(([name]) =>
            place({
                code: "SE043",
                path: pathOf(name, inventory),
                message: `The secret ${name} was never set.`,
                fix: `Run \`./fleet secret set ${name}\`.`,
            }),
        );
}

/** Where the inventory asks for a secret of the operator's. */
function pathOf(secret: string, { nodes }: Stack["inventory"]): (string | number)[] {
    const [droplet = ""] = Object.keys(nodes).filter((name) => nodes[name] !== undefined && isDroplet(nodes[name]));
    return secret === tokenSecret ? ["nodes", droplet, "droplet"] : ["models", "gateway", "keys"];
}

function addFix(name: string, address: string): string {
    return `Run \`./fleet add ${name} ${address}\`: it shows the host key to compare, pins it and notes the road.`;
}

function shown(file: string): string {
    return relative(process.cwd(), file) || file;
}
