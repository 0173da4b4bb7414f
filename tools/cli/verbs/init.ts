import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { listOf, nearest } from "../../../components/fleet/errors";
import { models } from "../../../components/models/catalogue";
import { label } from "../../../components/node/schema";
import { textFlag, type Context } from "../context";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { writeWhole } from "../files";
import { newInventory } from "../inventory-text";
import { columns } from "../output";
import { pulumi, stackExists } from "../pulumi";
import { devStack, filesOf, headline, nodeNames } from "../stacks";

const smallModel = "gemma3:270m";

/** `./fleet init NAME`: makes a fleet. What is there already is left alone, so that it can be run again. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, args, out } = context;
    const name = args.positionals[0] ?? "";
    const model = textFlag(context, "model") ?? smallModel;
    requireNames(name, model);
    const files = filesOf(root, name);
    out.say(headline(name, nodeNames(files)));
    const made = [
        makeFile(files.inventory, newInventory(name, model), 0o644),
        makeFile(files.passphrase, `${randomBytes(24).toString("base64url")}\n`, 0o600),
        await makeStack(root, name),
    ];
    for (const [i, what] of [files.inventory, files.passphrase, `the stack ${name} in .state`].entries()) {
        out.say(`  ${shown(root, what)}  ${made[i] === true ? "made" : "is there already, left alone"}`);
    }
    out.say(advice(root, name));
    out.result({ stack: name, inventory: files.inventory, passphrase: files.passphrase, made });
    return exitCodes.done;
}

function requireNames(name: string, model: string): void {
    const parsed = label.safeParse(name);
    if (!parsed.success)
        throw new Refusal(`"${name}" is no name of a fleet: ${parsed.error.issues[0]?.message ?? ""}.`);
    if (name === devStack) throw new Refusal("dev is the lab's own fleet (npm run up). Take another name.");
    if (Object.hasOwn(models, model)) return;
    const near = nearest(model, Object.keys(models));
    throw new Refusal(
        `Model "${model}" is not in the catalogue. ${near === undefined ? `Take ${listOf(Object.keys(models))}.` : `Did you mean "${near}"?`}`,
    );
}

function makeFile(file: string, text: string, mode: number): boolean {
    if (existsSync(file)) return false;
    writeWhole(file, text, mode);
    return true;
}

async function makeStack(root: string, name: string): Promise<boolean> {
    if (stackExists(root, name)) return false;
    mkdirSync(resolve(root, ".state"), { recursive: true });
    const args = ["stack", "init", "--no-select", "--secrets-provider", "passphrase", "--non-interactive"];
    const { code, stderr } = await pulumi(root, name, args);
    if (code !== 0) throw new Failure(`pulumi stack init failed: ${stderr.trim()}`);
    return true;
}

function advice(root: string, name: string): string {
    const { inventory, knownHosts, lock, passphrase } = filesOf(root, name);
    const keep = [
        [shown(root, inventory), "what you own"],
        [shown(root, knownHosts), "the machines' host keys, written by add"],
        [shown(root, lock), "hashes and ports, written by add and pin"],
        [shown(root, passphrase), "opens the secrets; git ignores it, lose it and they are lost"],
        [`Pulumi.${name}.yaml`, "secrets you set, encrypted"],
        [".state", "what is applied, its secrets encrypted"],
    ];
    return [
        "",
        "Keep a copy of these on another disk (the passphrase apart from the rest):",
        columns(keep, "  "),
        "",
        "Next: ./fleet add NODE ADDRESS   (a name of your choice and the machine's IPv4 address)",
    ].join("\n");
}

function shown(root: string, file: string): string {
    return file.startsWith(root) ? relative(process.cwd(), file) || file : file;
}
