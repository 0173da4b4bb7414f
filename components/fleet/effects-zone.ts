import type { DesiredState } from "../converge/schema";
import { compareKeys, type Clause } from "./effects-change";
import { count } from "./words";

/** What a changed role `zone-DOMAIN` does: records that come and go. The primary raises the serial when one did. */
export function zoneClauses(domain: string, before: DesiredState | undefined, after: DesiredState): Clause[] {
    const now = recordsOf(after);
    if (before === undefined) {
        return [{ text: `zone ${domain} is new: ${count(Object.keys(now).length, "record")}` }];
    }
    const { added, removed } = compareKeys(recordsOf(before), now);
    const parts = [
        ...(added.length > 0 ? [`${count(added.length, "record")} added`] : []),
        ...(removed.length > 0 ? [`${count(removed.length, "record")} removed`] : []),
    ];
    return parts.length === 0 ? [] : [{ text: `zone ${domain}: ${parts.join(", ")}, serial +1` }];
}

/** The records of the zone's master file (RFC 1035 §5), without its SOA; each line once. */
function recordsOf({ files = {} }: DesiredState): Record<string, true> {
    const lines = Object.entries(files)
        .filter(([path]) => path.endsWith(".zone"))
        .flatMap(([, { text }]) => text.split("\n"))
        .map((line) => line.trim().replaceAll(/\s+/g, " "))
        .filter((line) => line !== "" && !/^[$;]/.test(line) && !/ IN SOA /.test(line));
    return Object.fromEntries(lines.map((line) => [line, true]));
}
