import { existsSync, readFileSync, readdirSync } from "node:fs";
import { NAMESPACE_PREFIX } from "./plan";
import { ask } from "./shell";

/** What the lab could leave behind on the host. Two of them are compared with `toEqual`: before `up` and after `down`. */
export interface Footprint {
    readonly namespaces: string[];
    readonly mounts: string[];
    readonly routes: string[];
    readonly links: string[];
    readonly rules: string;
    readonly files: string[];
    /** Command lines of processes that only a lab has. */
    readonly processes: string[];
}

const OURS = /sovereign-edge-lab|systemd-nspawn|\/lab\/(server|supervise|cloud)|wireguard-go/;

function lines(text: string | undefined): string[] {
    return (text ?? "").split("\n").filter(Boolean).sort();
}

function processes(): string[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map((pid) => {
            try {
                return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
            } catch {
                return "";
            }
        })
        .filter((command) => OURS.test(command))
        .sort();
}

/** Takes the host's footprint as seen from its own namespaces. */
export function footprint(): Footprint {
    const places = ["/run", "/etc/netns", "/run/systemd/nspawn/propagate", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    const files = places.flatMap((place) =>
        existsSync(place) ? readdirSync(place).map((entry) => `${place}/${entry}`) : [],
    );
    return {
        namespaces: lines(ask(["ip", "netns", "list"])),
        mounts: lines(readFileSync("/proc/self/mounts", "utf8")),
        routes: lines(ask(["ip", "route", "show", "table", "all"])),
        links: lines(ask(["ip", "-brief", "link"])),
        rules: ask(["nft", "list", "ruleset"]) ?? "",
        files: files
            .filter(
                (file) =>
                    file.includes("sovereign-edge") ||
                    file.includes(`/${NAMESPACE_PREFIX}`) ||
                    file.includes("/propagate/"),
            )
            .sort(),
        processes: processes(),
    };
}
