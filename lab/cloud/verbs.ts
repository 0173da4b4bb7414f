import { clearCloudFaults, cloudFaults, cloudJournal, setCloudFault } from "./control";
import type { FaultOrder } from "./control";
import { FAULT_KINDS } from "./faults";
import type { Fault } from "./faults";
import { writes } from "./journal";

const NUMBERS = ["after", "times", "status", "seconds"];

/** What `cloud` can be asked for. */
export const CLOUD_USAGE = `  cloud journal [--writes]  every call to the emulated cloud's API
  cloud faults | clear      faults in waiting; take them back
  cloud fault KIND [--on "METHOD PATH"] [--after N] [--times N] [--status N] [--seconds N]
${Object.entries(FAULT_KINDS)
    .map(([kind, does]) => `      ${kind.padEnd(14)} ${does}`)
    .join("\n")}`;

function orderOf([kind = "", ...options]: readonly string[]): FaultOrder {
    const order: Record<string, unknown> = { kind };
    for (let index = 0; index < options.length; index += 2) {
        const [option = "", value] = [options[index]?.replace(/^--/, ""), options[index + 1]];
        if (value === undefined || (option !== "on" && !NUMBERS.includes(option))) throw new Error(CLOUD_USAGE);
        order[option] = option === "on" ? value : Number(value);
    }
    return order as unknown as FaultOrder;
}

function describe({ kind, on, after, times, status, seconds }: Fault): string {
    const detail = kind.startsWith("fail") ? `status ${status}` : `${seconds} s`;
    return `${kind.padEnd(12)} ${detail.padEnd(12)} ${String(times).padStart(3)} × on ${on}${after === 0 ? "" : `, after ${after}`}`;
}

/**
 * Runs a verb of `lab cloud`; resolves to the exit code.
 * @throws Error with the usage for anything else.
 */
export async function cloudVerb([verb, ...rest]: readonly string[]): Promise<number> {
    if (verb === "journal") {
        const entries = cloudJournal();
        for (const entry of rest.includes("--writes") ? writes(entries) : entries) console.log(JSON.stringify(entry));
        return 0;
    }
    const actions = { fault: () => setCloudFault(orderOf(rest)), faults: cloudFaults, clear: clearCloudFaults };
    if (verb === undefined || !(verb in actions)) throw new Error(CLOUD_USAGE);
    for (const fault of await actions[verb as keyof typeof actions]()) console.log(describe(fault));
    return 0;
}
