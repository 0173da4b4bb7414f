import { createServer } from "node:net";
import { relative } from "node:path";
import type { NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { Failure } from "./failure";

/** @throws Failure when the loopback port of a node's road is taken by another process */
export async function requireRoads(stack: Stack, nodes: readonly NodePlan[]): Promise<void> {
    const free = await Promise.all(nodes.map(({ road }) => isFree(road)));
    const taken = nodes
        .filter((_, i) => free[i] === false)
        .map(({ name, road }) => `127.0.0.1:${road} (the road to ${name})`);
    if (taken.length === 0) return;
    const file = relative(process.cwd(), stack.files.lock);
    throw new Failure(
        `${taken.join(", ")} is taken by another process. End it (is another run going on?), or write another port under roads: in ${file}.`,
    );
}

function isFree(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => {
            resolve(false);
        });
        server.listen(port, "127.0.0.1", () => {
            server.close(() => {
                resolve(true);
            });
        });
    });
}
