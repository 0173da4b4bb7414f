import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupOf } from "../../lab/cgroup";
import type { Start } from "../lab/program/drive";

/** Milliseconds of processor time that machines of the lab took since they booted (cgroup-v2.rst, cpu.stat). */
export function takenBy(machines: readonly string[]): number {
    return machines.reduce((sum, machine) => {
        const text = readFileSync(join(cgroupOf(machine), "cpu.stat"), "utf8");
        return sum + Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e3;
    }, 0);
}

/** What `body` made machines take, in milliseconds of processor time. */
export async function takenDuring(machines: readonly string[], body: () => Promise<unknown>): Promise<number> {
    const before = takenBy(machines);
    await body();
    return takenBy(machines) - before;
}

/** A way to start commands that notes the processor time of each, and of all that it started and waited for. */
export class Clocked {
    /** Milliseconds of the last command; user and system time together. */
    last = 0;

    constructor(private readonly inner: Start) {}

    readonly start: Start = async (argv, options) => {
        const script = `TIMEFORMAT='processor time %U %S'; time "$@"`;
        const result = await this.inner(["bash", "-c", script, "bash", ...argv], options);
        const [, user, system] = /^processor time (\S+) (\S+)$/m.exec(result.text) ?? [];
        this.last = (Number(user) + Number(system)) * 1e3;
        return result;
    };
}
