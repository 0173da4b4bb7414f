import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
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
    /** Milliseconds of processor time that a run took on the average: beside other work the truer figure. */
    readonly cpu: number;
    /** Most memory of the process, in MB (resident set), Node itself and the program included. */
    readonly mb: number;
    /** Bytes of all desired states as they are sent. */
    readonly bytes: number;
}

/** Parses, checks, plans and renders fleets of growing size, each in a process of its own. */
export function planCurve(): Point[] {
    return sizes.map(([nodes, runs]) => {
        const argv = [
            "--require",
            resolve(__dirname, "../../tools/register.js"),
            __filename,
            String(nodes),
            String(runs),
        ];
        return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })) as Point;
    });
}

function measurePoint(nodes: number, runs: number): Point {
    // Once unmeasured: a fleet's first plan pays for compiling the program.
    planFleet(stackOf("many", inventory(7)));
    const text = inventory(nodes);
    const times: number[] = [];
    const before = process.cpuUsage();
    let plan = planFleet(stackOf("many", inventory(7)));
    for (let run = 0; run < runs; run++) {
        const start = performance.now();
        plan = planFleet(stackOf("many", text));
        times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    const mb = process.resourceUsage().maxRSS / 1e3;
    const bytes = sizeOf(Object.values(plan.nodes).flatMap(({ roles }) => Object.values(roles)));
    return { nodes, ms: median(times.sort((a, b) => a - b)), cpu: (user + system) / 1e3 / runs, mb, bytes };
}

/** The curve as a table; the last column should not grow. */
export function curveTable(points: readonly Point[]): string {
    const heads = ["nodes", "ms", "ms of CPU", "MB at most", "MB of states", "ns a byte"];
    const rows = points.map(({ nodes, ms, cpu, mb, bytes }) => [
        String(nodes),
        ms.toFixed(1),
        cpu.toFixed(1),
        mb.toFixed(0),
        (bytes / 1e6).toFixed(2),
        ((cpu * 1e6) / bytes).toFixed(0),
    ]);
    const lines = [heads, ...rows].map((row) => row.map((cell) => cell.padStart(13)).join(""));
    return ["plan: parse, check, plan, render", ...lines].join("\n");
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

if (require.main === module) {
    const [nodes, runs] = process.argv.slice(2).map(Number);
    const one = nodes !== undefined && runs !== undefined;
    console.log(one ? JSON.stringify(measurePoint(nodes, runs)) : curveTable(planCurve()));
}
