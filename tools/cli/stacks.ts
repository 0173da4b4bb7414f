import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { nearest } from "../../components/fleet/errors";
import { readSource } from "../../components/fleet/source";
import { stackFiles, type StackFiles } from "../../components/fleet/stack";
import { Refusal } from "./failure";

/** The embedded fleet of the lab, never chosen by itself. */
export const devStack = "dev";

/** Names of the stacks that have an inventory: `stacks/NAME.yaml`, or a path in `Pulumi.NAME.yaml`. Sorted. */
export function listStacks(root: string): string[] {
    const inClone = namesIn(resolve(root, "stacks"), /^([a-z][a-z0-9-]*)\.yaml$/);
    const elsewhere = namesIn(root, /^Pulumi\.([a-z][a-z0-9-]*)\.yaml$/).filter(
        (name) => inventoryPath(root, name) !== "",
    );
    return [...new Set([...inClone, ...elsewhere])].sort();
}

/**
 * The stack to work on: as named, else the only one beside `dev` that was made here, or of which there is an inventory
 * when none was made: examples stand beside one's own. What `pulumi stack select` chose is ignored, so that no verb runs
 * against a fleet that was not meant.
 * @throws Refusal when it has to be named, or when there is none
 */
export function chooseStack(root: string, named: string | undefined): string {
    const names = listStacks(root);
    if (named !== undefined) {
        if (names.includes(named)) return named;
        const near = nearest(named, names);
        throw new Refusal(
            `There is no fleet "${named}". ${near === undefined ? `Make it with \`./fleet init ${named}\`.` : `Did you mean "${near}"?`}`,
        );
    }
    const written = names.filter((name) => name !== devStack);
    const made = written.filter((name) => existsSync(resolve(root, `Pulumi.${name}.yaml`)));
    const own = made.length > 0 ? made : written;
    const [only] = own;
    if (only === undefined) {
        throw new Refusal("There is no fleet yet. Make one with `./fleet init NAME` (the lab's own: -s dev).");
    }
    if (own.length === 1) return only;
    const hint = made.length === 0 ? "Or make your own: `./fleet init NAME`." : "Or set FLEET_STACK.";
    throw new Refusal(`Which fleet? Name it with -s: ${own.join(", ")}. (${hint})`);
}

/** The value of the config key `inventory` of a stack, or an empty string. */
export function inventoryPath(root: string, name: string): string {
    const file = resolve(root, `Pulumi.${name}.yaml`);
    if (!existsSync(file)) return "";
    const settings = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> } | null;
    const path = settings?.config?.["sovereign-edge:inventory"];
    return typeof path === "string" ? path : "";
}

/** Where the files of a stack are, honouring its `inventory` setting. */
export function filesOf(root: string, name: string): StackFiles {
    return stackFiles(root, name, inventoryPath(root, name));
}

/** Names of the nodes as far as the inventory can be read; for the first line, which is there even when it cannot. */
export function nodeNames(files: StackFiles): string[] {
    if (!existsSync(files.inventory)) return [];
    const { value } = readSource(files.inventory, readFileSync(files.inventory, "utf8"));
    const { nodes } = (value ?? {}) as { nodes?: unknown };
    return typeof nodes === "object" && nodes !== null ? Object.keys(nodes) : [];
}

/** The first line of every verb: the stack and its nodes, at most a dozen of them. */
export function headline(name: string, nodes: readonly string[]): string {
    if (nodes.length === 0) return `Fleet ${name}: no nodes yet`;
    const shown = nodes.slice(0, 12).join(", ");
    return `Fleet ${name}: ${shown}${nodes.length > 12 ? ` and ${nodes.length - 12} more` : ""}`;
}

function namesIn(directory: string, pattern: RegExp): string[] {
    if (!existsSync(directory)) return [];
    return readdirSync(directory).flatMap((file) => pattern.exec(file)?.[1] ?? []);
}
