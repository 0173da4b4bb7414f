import { performance } from "node:perf_hooks";
import { canonical } from "../../components/converge/canonical";
import { planFleet } from "../../components/fleet/plan";
import { stackOf } from "../support/stack";
import { median } from "./measure";

/** Sizes of the curve, and how often each is measured. */
const sizes: readonly (readonly [nodes: number, runs: number])[] = [
    [7, 20],
    [30, 10],
    [100, 5],
    [300, 3],
    [1000, 1],
];

/** What a size took. */
export interface Point {
    readonly nodes: number;
    /** Milliseconds to parse, check, design, plan and render; the middle one of the runs. */
    readonly ms: number;
    /** Memory of the process afterwards, in MB (resident set). */
    readonly mb: number;
    /** Bytes of all desired states as they are sent. */
    readonly bytes: number;
}

/** Parses, checks, plans and renders fleets of growing size. */
export function planCurve(): Point[] {
    // Once unmeasured: a fleet's first plan pays for compiling the program.
    planFleet(stackOf("many", inventory(7)));
    return sizes.map(([nodes, runs]) => {
        const text = inventory(nodes);
        const times: number[] = [];
        let bytes = 0;
        for (let run = 0; run < runs; run++) {
            const start = performance.now();
            const plan = planFleet(stackOf("many", text));
            times.push(performance.now() - start);
            if (run === 0) bytes = sizeOf(Object.values(plan.nodes).flatMap(({ roles }) => Object.values(roles)));
        }
        const sorted = times.sort((a, b) => a - b);
        return { nodes, ms: median(sorted), mb: process.memoryUsage.rss() / 1e6, bytes };
    });
}

/** The curve as a table; the last column should not grow. */
export function curveTable(points: readonly Point[]): string {
    const heads = ["nodes", "ms", "MB resident", "MB of states", "ns a byte"];
    const rows = points.map(({ nodes, ms, mb, bytes }) => [
        String(nodes),
        ms.toFixed(1),
        mb.toFixed(0),
        (bytes / 1e6).toFixed(2),
        ((ms * 1e6) / bytes).toFixed(0),
    ]);
    return [
        "plan: parse, check, plan, render",
        ...[heads, ...rows].map((row) => row.map((c) => c.padStart(13)).join("")),
    ].join("\n");
}

function sizeOf(states: readonly unknown[]): number {
    return states.reduce<number>((sum, state) => sum + canonical(state).length, 0);
}

/** An inventory of `count` nodes: all in one home but one, which is public and has edge, names and the gateway. */
export function inventory(count: number): string {
    const home = Array.from({ length: count - 1 }, (_, i) => {
        const [high, low] = [Math.floor(i / 250), (i % 250) + 1];
        const place = `location: home, address: 192.168.${high}.${low}, mesh: 10.44.${high}.${low}`;
        return `  node-${i}: { hardware: pi5-8gb, disk: nvme-256gb, ${place} }`;
    });
    return [
        "version: 1",
        "fleet: many",
        "mesh: { network: 10.44.0.0/16 }",
        "locations: { home: { lan: 192.168.0.0/16 } }",
        "nodes:",
        ...home,
        "  public: { hardware: amd64-4gb, address: 203.0.113.10, mesh: 10.44.200.1 }",
        "edge: { at: public, acme: ops@many.example }",
        "dns: { primary: public }",
        "domains: { many.example: {} }",
        "models: { gateway: { public: ai.many.example }, engines: { llama.cpp: node-0 }, serve: { 'gemma3:270m': node-0 } }",
    ].join("\n");
}

if (require.main === module) console.log(curveTable(planCurve()));
