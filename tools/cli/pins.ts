import { relative } from "node:path";
import { wrongKeyMessage } from "../../components/fleet/known-hosts";
import type { Stack } from "../../components/fleet/stack";
import { targetOf, type Doored } from "./doors";
import { Failure } from "./failure";
import { comparePin, describe, probeAll, type Probe } from "./probe";

/** What to say about every node that shows another key than the pinned one. */
export function wrongKeys(stack: Stack, probes: readonly Probe[]): Map<string, string> {
    const file = relative(process.cwd(), stack.files.knownHosts) || stack.files.knownHosts;
    return new Map(
        probes.flatMap((probe): [string, string][] => {
            const pin = stack.hostKeys.find(({ node }) => node === probe.node);
            if (pin === undefined || probe.finding.state !== "answers") return [];
            const { key } = probe.finding;
            if (comparePin(key, pin) === "matches") return [];
            const owner = stack.hostKeys.find((other) => other.key === key)?.node;
            return [[probe.node, wrongKeyMessage(probe, key, pin.key, `${file}:${pin.line}`, owner)]];
        }),
    );
}

/** The probes with those of nodes that show another key counted as no answer: nothing is sent there, all others go on. */
export function withoutStrangers(probes: readonly Probe[], wrong: ReadonlyMap<string, string>): Probe[] {
    const finding = { state: "refuses", cause: "shows another host key than the pinned one" } as const;
    return probes.map((probe) => (wrong.has(probe.node) ? { ...probe, finding } : probe));
}

/** @throws Failure when a node shows another key than the pinned one; by then nothing was sent to any */
export function requirePins(stack: Stack, probes: readonly Probe[]): void {
    const wrong = wrongKeys(stack, probes);
    if (wrong.size > 0) throw new Failure([...wrong.values()].join("\n"));
}

/**
 * Nodes that are all needed, looked for before anything is changed.
 * @param closing what is said at the end of those that do not answer: that nothing was changed, and what to do
 * @throws Failure with every node that does not answer, or shows another key than the pinned one
 */
export async function requireAnswers(stack: Stack, nodes: readonly Doored[], closing: string): Promise<void> {
    const probes = await probeAll(nodes.map(targetOf));
    requirePins(stack, probes);
    const silent = probes.filter(({ finding }) => finding.state !== "answers");
    if (silent.length === 0) return;
    const words = silent.map((probe) => `${probe.node} ${describe(probe)}`).join("\n");
    throw new Failure(`${words}\n${closing}`);
}
