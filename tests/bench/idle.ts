import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { canonical } from "../../components/converge/canonical";
import { program } from "../../components/converge/command";
import type { DesiredState } from "../../components/converge/schema";
import { planFleet } from "../../components/fleet/plan";
import { readStack } from "../../components/fleet/stack";
import { must, root } from "../lab/support";
import type { Row } from "./measure";

const node = "gematria";
const rounds = 20;
/** A machine beside the machine: nothing of the fleet is touched. */
const aside = "/var/tmp/sovereign-edge-bench";

/** What is run on the node, and how its output begins. */
interface Command {
    readonly name: string;
    readonly argv: readonly string[];
    readonly input: string;
    readonly says: string;
}

/** What a command took: milliseconds of every run, by the clock and of the processor, and the most memory, in megabytes. */
interface Figures {
    readonly ms: readonly number[];
    readonly cpu: readonly number[];
    readonly mb: number;
}

const python = ["python3", "-I", "-S"];

function onNode(argv: readonly string[], input = ""): Promise<{ readonly stdout: string }> {
    return must(["tools/node", "lab/main.ts", "exec", node, "--", ...argv], { input });
}

/** A desired state of about 200 KB: fifty files. */
function large(): DesiredState {
    const text = (file: number): string => `line of file ${file}\n`.repeat(220);
    const entries = Array.from({ length: 50 }, (_, file) => [
        `/etc/large/${file}`,
        { mode: "0644" as const, owner: "root:root", text: text(file) },
    ]);
    const files = Object.fromEntries(entries) as DesiredState["files"];
    return { version: 1, fleet: "dev", node, role: "large", incarnation: 1, ...(files === undefined ? {} : { files }) };
}

/** Bare Python, every role of the node as it stands, and the large one. */
async function commands(): Promise<Command[]> {
    const roles = planFleet(readStack(root, "dev")).nodes[node]?.roles ?? {};
    const apart = [...python, program, "--root", aside, "apply"];
    const input = canonical(large());
    await onNode(["sh", "-c", `rm -rf ${aside} && mkdir -p ${aside}/etc && cp /etc/passwd /etc/group ${aside}/etc`]);
    await onNode(apart, input);
    return [
        { name: "python3 -I -S -c pass", argv: [...python, "-c", "pass"], input: "", says: "" },
        ...Object.entries(roles).map(([role, desired]) => ({
            name: `${role}, nothing to do`,
            argv: [...python, program, "apply"],
            input: canonical(desired),
            says: "unchanged",
        })),
        { name: `${Math.round(input.length / 1000)} KB, nothing to do`, argv: apart, input, says: "unchanged" },
    ];
}

/** What converge.py costs on a node that is as it should be, a table each. */
export interface IdleRows {
    /** Milliseconds by the clock. */
    readonly times: readonly Row[];
    /** Milliseconds of processor time: beside other work the truer figure. */
    readonly processor: readonly Row[];
    /** Megabytes. */
    readonly memory: readonly Row[];
}

/** Measures all roles of a node as they stand, in turns. */
export async function idleRows(): Promise<IdleRows> {
    const measured = await commands();
    const order = JSON.stringify({
        rounds,
        commands: measured.map(({ argv, input, says }) => ({ argv, input, says })),
    });
    const script = readFileSync(resolve(__dirname, "idle.py"), "utf8");
    const { stdout } = await onNode([...python, "-c", script], order);
    await onNode(["rm", "-rf", aside]);
    const figures = JSON.parse(stdout) as Figures[];
    const row = (times: readonly number[], index: number): Row => ({
        name: measured[index]?.name ?? "",
        times: [...times].sort((a, b) => a - b),
    });
    return {
        times: figures.map(({ ms }, index) => row(ms, index)),
        processor: figures.map(({ cpu }, index) => row(cpu, index)),
        memory: figures.map(({ mb }, index) => row([mb], index)),
    };
}
