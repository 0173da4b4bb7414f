import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import {
    GetRootResourceResponse,
    LogSeverity,
    RequirePulumiVersionResponse,
    SetRootResourceResponse,
} from "@pulumi/pulumi/proto/engine_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { RegisterResourceResponse, SupportsFeatureResponse } from "@pulumi/pulumi/proto/resource_pb";
import type {
    RegisterErrorHookRequest,
    RegisterResourceRequest,
    SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { rawVariable, type RawFleet } from "../lab/program/raw";

const program = resolve(__dirname, "../lab/program");
const root = resolve(__dirname, "../..");

/** What a program said to the engine that started it. */
export interface Said {
    readonly code: number;
    /** Names of what it registered, with the hooks on errors of each. */
    readonly registered: ReadonlyMap<string, readonly string[]>;
    readonly hooks: readonly string[];
    readonly text: string;
}

/** What an engine can do: the version it says it is, or nothing when it knows no such question; and its features. */
export interface Ability {
    readonly version?: string;
    readonly features: readonly string[];
}

type Handler<Request> = (
    call: { readonly request: Request },
    answer: (error: unknown, value?: unknown) => void,
) => void;

/** Runs the program for raw nodes in a preview, started by a stand-in for the engine. */
export async function runWith(ability: Ability, fleet: RawFleet): Promise<Said> {
    const registered = new Map<string, string[]>();
    const hooks: string[] = [];
    const said: string[] = [];
    const server = new grpc.Server();
    server.addService(ResourceMonitorService, monitor(ability, registered, hooks) as grpc.UntypedServiceImplementation);
    server.addService(EngineService, engine(ability, said) as grpc.UntypedServiceImplementation);
    const port = await new Promise<number>((done, fail) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
            if (error === null) done(bound);
            else fail(error);
        });
    });
    const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
    writeFileSync(join(folder, "fleet.json"), JSON.stringify(fleet));
    const code = await run(`127.0.0.1:${port}`, { [rawVariable]: join(folder, "fleet.json") }, said);
    server.forceShutdown();
    rmSync(folder, { recursive: true });
    return { code, registered, hooks, text: said.join("\n") };
}

function monitor({ features }: Ability, registered: Map<string, string[]>, hooks: string[]): object {
    const supportsFeature: Handler<SupportsFeatureRequest> = ({ request }, answer) => {
        const response = new SupportsFeatureResponse();
        response.setHassupport(features.includes(request.getId()));
        answer(null, response);
    };
    const registerResource: Handler<RegisterResourceRequest> = ({ request }, answer) => {
        registered.set(request.getName(), request.getHooks()?.getOnErrorList() ?? []);
        const response = new RegisterResourceResponse();
        response.setUrn(`urn:pulumi:dev::raw::${request.getType()}::${request.getName()}`);
        response.setObject(request.getObject());
        answer(null, response);
    };
    const registerErrorHook: Handler<RegisterErrorHookRequest> = ({ request }, answer) => {
        hooks.push(request.getName());
        answer(null, new Empty());
    };
    return {
        supportsFeature,
        registerResource,
        registerErrorHook,
        registerResourceOutputs: done,
        signalAndWaitForShutdown: done,
    };
}

function engine({ version }: Ability, said: string[]): object {
    const log: Handler<LogRequest> = ({ request }, answer) => {
        if (request.getSeverity() !== LogSeverity.DEBUG) said.push(request.getMessage());
        answer(null, new Empty());
    };
    const tooOld = {
        code: grpc.status.UNKNOWN,
        details: `Pulumi CLI version ${version ?? ""} does not satisfy the range`,
    };
    return {
        log,
        getRootResource: ((_, answer) => {
            answer(null, new GetRootResourceResponse());
        }) satisfies Handler<unknown>,
        setRootResource: ((_, answer) => {
            answer(null, new SetRootResourceResponse());
        }) satisfies Handler<unknown>,
        ...(version === undefined
            ? {}
            : { requirePulumiVersion: requirement(Number(version.split(".")[1]) < 244 ? tooOld : null) }),
    };
}

function requirement(error: unknown): Handler<unknown> {
    return (_, answer) => {
        answer(error, new RequirePulumiVersionResponse());
    };
}

const done: Handler<unknown> = (_, answer) => {
    answer(null, new Empty());
};

function run(address: string, env: Readonly<Record<string, string>>, said: string[]): Promise<number> {
    const runner = resolve(root, "node_modules/@pulumi/pulumi/cmd/run");
    const args = ["--monitor", address, "--engine", address, "--project", "raw", "--stack", "dev", "--pwd", program];
    // As in Pulumi.yaml.
    const flags = ["--stack-trace-limit=0", "--require", resolve(root, "tools/register.js")];
    const child = spawn(
        "node",
        [...flags, runner, ...args, "--dry-run", "--query-mode", "false", "--parallel", "4", "."],
        {
            cwd: program,
            env: { ...process.env, ...env, PULUMI_CONFIG: "{}", PULUMI_CONFIG_SECRET_KEYS: "[]" },
            stdio: ["ignore", "pipe", "pipe"],
        },
    );
    for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    return new Promise((end) => {
        child.once("close", (code) => {
            end(code ?? 1);
        });
    });
}
