import type { DesiredArtifact, Role } from "../../../converge/schema";
import type { ServedModel } from "../../plan";

/** Packages that llama.cpp's release links against: OpenMP, and OpenSSL under whatever name the distribution gives its library. */
export const llamaCppPackages: readonly string[] = ["libgomp1", "openssl"];

/** The role `model-SLUG`: llama.cpp's server for one model. */
export function renderLlamaCpp(
    served: ServedModel,
    version: string,
    engine: DesiredArtifact,
    weights: DesiredArtifact,
    generation: number,
): Role {
    const unit = `llama-${served.slug}.service`;
    const directory = `/opt/sovereign-edge/llama.cpp-${version}`;
    const file = `/opt/sovereign-edge/models/${weights.sha256.slice(0, 16)}.gguf`;
    const credential = `/etc/sovereign-edge/credentials/${served.apiKey}`;
    const unitFile = `/etc/systemd/system/${unit}`;
    return {
        secrets: { [served.apiKey]: generation },
        directories: {
            "/opt/sovereign-edge": { mode: "0755", owner: "root:root" },
            "/opt/sovereign-edge/models": { mode: "0755", owner: "root:root" },
            "/etc/sovereign-edge/credentials": { mode: "0700", owner: "root:root" },
        },
        artifacts: { [directory]: engine, [file]: weights },
        files: {
            [credential]: { mode: "0600", owner: "root:root", text: `{{secret:${served.apiKey}}}\n` },
            [unitFile]: { mode: "0644", owner: "root:root", text: renderUnit(served, directory, file, credential) },
        },
        units: {
            [unit]: {
                enabled: true,
                running: true,
                restartOn: { [unitFile]: true, [credential]: true, [file]: true, [directory]: true },
            },
        },
        checks: { healthy: { http: { url: `http://${served.host}:${served.port}/health`, status: 200 }, within: 120 } },
        // It keeps no data.
        rollback: "binary",
    };
}

/** The arguments that decide how much memory llama-server takes. */
export function sizeOptions({
    context,
    parallel,
    cache,
}: Pick<ServedModel, "context" | "parallel" | "cache">): string[] {
    return [
        ...["--ctx-size", String(context * parallel), "--parallel", String(parallel)],
        // Without it finished conversations are kept in memory, up to 8 GiB of them, which no budget knows.
        ...["--cache-ram", "0"],
        ...(cache === "f16" ? [] : ["--cache-type-k", cache, "--cache-type-v", cache]),
    ];
}

function renderUnit(served: ServedModel, directory: string, file: string, credential: string): string {
    const options = [
        `--host ${served.host} --port ${served.port}`,
        `--model ${file} --alias ${served.model}`,
        sizeOptions(served).join(" "),
        "--api-key-file %d/api-key --metrics --offline --no-ui",
        ...(served.flags.length === 0 ? [] : [served.flags.map(argument).join(" ")]),
    ];
    return [
        "[Unit]",
        `Description=${served.model} by llama.cpp`,
        // The mesh address must be there to bind to; without a mesh the unit is ignored.
        "After=network-online.target wg-quick@wg0.service",
        "Wants=network-online.target",
        "",
        "[Service]",
        "DynamicUser=yes",
        `LoadCredential=api-key:${credential}`,
        `Environment=LD_LIBRARY_PATH=${directory}`,
        ...Object.entries(served.environment).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
        `ExecStart=${directory}/llama-server ${options.join(" \\\n    ")}`,
        "Restart=on-failure",
        "RestartSec=2",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ].join("\n");
}

/** An argument of `ExecStart=` as it is: systemd.service(5) would put variables of the environment in for `$`. */
function argument(text: string): string {
    return quoted(text.replaceAll("$", "$$$$"));
}

/** A word in a unit file: quotes, backslashes and specifiers (`%`) stand for themselves (systemd.syntax(7), systemd.unit(5)). */
function quoted(text: string): string {
    const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
    return /^[A-Za-z0-9_./:=,@+%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
