import type { Inventory } from "../fleet/schema";
import { gatewayNodes } from "../fleet/artifacts";
import type { EngineName } from "../models/schema";
import type { Machine } from "../node/plan";
import type { Os } from "../node/hardware";
import { typeOf } from "../services/catalogue/catalogue";
import type { ServiceType } from "../services/catalogue/entry";
import type { Party } from "./plan";

/** Where an operating system has its packages from. */
const mirrors: Readonly<Record<Os, readonly string[]>> = {
    "debian-12": ["deb.debian.org"],
    "debian-13": ["deb.debian.org"],
    "ubuntu-24.04": ["ubuntu.com"],
    "raspberry-pi-os-12": ["deb.debian.org", "archive.raspberrypi.com"],
    "raspberry-pi-os-13": ["deb.debian.org", "archive.raspberrypi.com"],
};

/** Where an engine has its program and its weights from. */
const engines: Readonly<Record<EngineName, { readonly program: string; readonly weights: string }>> = {
    ollama: { program: "github.com", weights: "registry.ollama.ai" },
    "llama.cpp": { program: "github.com", weights: "huggingface.co" },
    vllm: { program: "docker.io", weights: "huggingface.co" },
    sglang: { program: "docker.io", weights: "huggingface.co" },
    comfyui: { program: "github.com", weights: "huggingface.co" },
    "hailo-ollama": { program: "hailo.ai", weights: "hailo.ai" },
};

/** Who gives the fleet its programs and weights: without them everything runs on, and nothing new comes. */
export function sourceParties(inventory: Inventory, machines: Readonly<Record<string, Machine>>): Party[] {
    return [...systems(machines), ...edges(inventory), ...modelSources(inventory), ...programs(inventory)];
}

function systems(machines: Readonly<Record<string, Machine>>): Party[] {
    return Object.values(machines).flatMap(({ os }) =>
        mirrors[os].map((name) => packages(name, "security updates and new machines")),
    );
}

function edges(inventory: Inventory): Party[] {
    return gatewayNodes(inventory).length === 0 ? [] : [packages("github.com", "new versions of caddy")];
}

function modelSources({ models }: Inventory): Party[] {
    return (Object.keys(models?.engines ?? {}) as EngineName[]).flatMap((engine): Party[] => [
        packages(engines[engine].program, `new versions of ${engine}`),
        { name: engines[engine].weights, role: "models", stops: ["models that are not on a node yet"], when: "later" },
    ]);
}

function programs({ services, domains }: Inventory): Party[] {
    return Object.entries(services).flatMap(([block, entry]): Party[] => {
        const type = typeOf(block, entry);
        const host = entry.image === undefined ? originOf(type) : registryOf(entry.image, Object.keys(domains));
        return host === undefined ? [] : [packages(host, `new versions of ${block}`)];
    });
}

function originOf(type: ServiceType | undefined): string | undefined {
    if (type === undefined || type.origin === "inventory") return undefined;
    if ("from" in type.origin) return type.origin.from.split("/")[0];
    if ("npm" in type.origin) return "registry.npmjs.org";
    return "pypi" in type.origin ? "pypi.org" : undefined;
}

/** Host of an image's registry (docker.io where none is written), unless it is one of ours. */
function registryOf(image: string, domains: readonly string[]): string | undefined {
    const [first = "", ...rest] = image.split("/");
    const host = rest.length > 0 && /[.:]/.test(first) ? (first.split(":")[0] ?? "") : "docker.io";
    return domains.some((domain) => host === domain || host.endsWith(`.${domain}`)) ? undefined : host;
}

function packages(name: string, stops: string): Party {
    return { name, role: "packages", stops: [stops], when: "later" };
}
