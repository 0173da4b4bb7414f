import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleOf, readProgram } from "../../../components/converge/bundle";
import { installLine, upload } from "../../../components/converge/command";
import type { UmlMachine } from "../../../lab/uml/handle";
import { ADMIN } from "../../../lab/uml/plan";
import { exec } from "../../../lab/uml/ssh";
import { installDocument } from "./documents";
import type { Run } from "./documents";

const textOf = (name: string): string => readFileSync(join(__dirname, name), "utf8");
/** Where Python looks for what it loads at its start. */
const PACKAGES = "/usr/lib/python3/dist-packages";

/** What a machine is in, by group: each is of one version. */
export type View = Readonly<Record<string, unknown>>;

/** A look at a machine. */
export interface Look {
    readonly health: { readonly system: string; readonly leftovers: readonly string[] };
    readonly view: View;
}

/** Installs converge.py as the engine does, and what stops it (`stop.py`). */
export async function install(machine: UmlMachine): Promise<void> {
    const { text, sha256 } = bundleOf(readProgram());
    await exec(machine, `cat >${upload}`, { input: text });
    await exec(machine, installLine(ADMIN), { input: installDocument(sha256) });
    await exec(machine, `sudo tee ${PACKAGES}/lab_stop.py >/dev/null`, { input: textOf("stop.py") });
    await exec(machine, `sudo tee ${PACKAGES}/lab_stop.pth >/dev/null && sync`, { input: "import lab_stop\n" });
}

/** The first line that a run answers; fails when it does not end as it should. */
export async function answerOf(machine: UmlMachine, run: Run): Promise<string> {
    const options = { input: run.input, check: false, fresh: run.fresh === true };
    const { code, stdout, stderr } = await exec(machine, run.command, options);
    const [line = ""] = (stdout + stderr).split("\n");
    if (code === 0 || (code === 75 && run.armed === true)) return line;
    throw new Error(`${run.name} on ${machine.name} ended with ${code}:\n${stdout}${stderr}`);
}

/** Looks at a machine when it has booted. */
export async function lookAt(machine: UmlMachine): Promise<Look> {
    const { stdout } = await exec(machine, "sudo python3 -", { input: textOf("look.py") });
    const { health, ...view } = JSON.parse(stdout) as { health: Look["health"] } & View;
    return { health, view };
}

/** The command that has the process with these words stop before one of its steps; 0: it only counts them. */
export const orderLine = (words: string, step: number): string => order(words, step, "/run/lab-stop");
/** The command that has it take all memory before that step, until the kernel ends it. */
export const starveLine = (words: string, step: number): string => order(words, `${step} memory`, "/run/lab-stop");
/** The same for the next boot. */
export const orderForBootLine = (words: string, step: number): string => `${order(words, step, "/etc/lab-stop")}; sync`;

function order(words: string, step: number | string, place: string): string {
    return `printf '%s\\n' '${words}' ${step} | sudo tee ${place} >/dev/null`;
}

/** The steps that the last process with an order took; what differs from run to run is left out of their texts. */
export async function stepsOf(machine: UmlMachine): Promise<string[]> {
    const { stdout } = await exec(machine, "sudo cat /run/lab-steps");
    return stdout.trimEnd().split("\n").map(constant);
}

/** A step's text without the numbers of this run. */
export const constant = (text: string): string => text.replaceAll(/\b[0-9a-f]{8,}\b/g, "…");
