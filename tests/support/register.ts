import * as pulumi from "@pulumi/pulumi";
import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import { Fleet } from "../../components/fleet/resources";
import type { Stack } from "../../components/fleet/stack";

/** A resource as the program registered it. */
export interface Registered {
    readonly type: string;
    readonly name: string;
    readonly inputs: Record<string, unknown>;
    readonly dependsOn: readonly string[];
}

/** The engine's answer for a resource that failed, when it goes on with the others. */
function failedAnswer(name: string): object {
    return {
        getUrn: () => `urn:x::x::x::${name}`,
        getId: () => "",
        getObject: () => ({ toJavaScript: () => ({}) }),
        getPropertydependenciesMap: () => undefined,
        getResult: () => 1,
    };
}

/** Resolves when the program has registered nothing more for many turns of the event loop. */
async function idle(found: ReadonlyMap<string, Registered>): Promise<void> {
    for (let [turns, seen] = [0, found.size]; turns < 200; turns = found.size === seen ? turns + 1 : 0) {
        seen = found.size;
        await new Promise((done) => setImmediate(done));
    }
}

/**
 * Registers a fleet with the SDK's mocks and gives everything that was registered, by name.
 * @param change what the plan is made into before
 * @param failing name of a resource that cannot be made; the engine says so when it has nothing else left to do
 * @param onFailing gets the names of what was registered by then
 */
export async function register(
    stack: Stack,
    change: (plan: FleetPlan) => FleetPlan = (plan) => plan,
    failing?: string,
    onFailing: (registered: readonly string[]) => void = () => undefined,
): Promise<Map<string, Registered>> {
    const found = new Map<string, Registered>();
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name: resource, inputs }) => ({
                id: `${resource} id`,
                state: {
                    ...(inputs as object),
                    base64: Buffer.alloc(32, resource.length).toString("base64"),
                    result: "s3cret".repeat(7),
                    certPem: "PEM",
                    privateKeyPem: `KEY ${type}`,
                    certRequestPem: "CSR",
                    privateKeyOpenssh: `CANARY ${resource}`,
                    publicKeyOpenssh: `ssh-ed25519 KEY-OF-${resource.replaceAll(" ", "-")}\n`,
                    ...(type.endsWith(":ReservedIp") ? { ipAddress: "203.0.113.10" } : {}),
                    ...(type.endsWith(":Droplet") ? { dropletUrn: "do:droplet:1" } : {}),
                },
            }),
            call: ({ inputs }) => inputs as Record<string, unknown>,
        },
        "sovereign-edge",
        stack.name,
        false,
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as {
        registerResource: (...args: unknown[]) => unknown;
        registerResourceHook?: (request: unknown, done: (error: null, answer: object) => void) => void;
    };
    // The mocks know no hooks.
    monitor.registerResourceHook = (_, done) => {
        done(null, {});
    };
    const original = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request: unknown, ...rest: unknown[]): unknown => {
        const r = request as {
            getType(): string;
            getName(): string;
            getObject(): { toJavaScript(): Record<string, unknown> };
            getDependenciesList(): string[];
        };
        const dependsOn = r.getDependenciesList().map((urn) => urn.split("::").at(-1)!);
        found.set(r.getName(), {
            type: r.getType(),
            name: r.getName(),
            inputs: r.getObject().toJavaScript(),
            dependsOn,
        });
        if (r.getName() !== failing) return original(request, ...rest);
        const done = rest.at(-1) as (error: null, answer: object) => void;
        void idle(found).then(() => {
            onFailing([...found.keys()]);
            done(null, failedAnswer(failing));
        });
    };
    const noSecrets: Record<string, string> = {};
    new Fleet(change(planFleet(stack)), pulumi.output(noSecrets));
    await pulumi.runtime.disconnect();
    return found;
}
