import { rulesFile } from "../firewall/render";
import type { DesiredState } from "../converge/schema";
import { compareKeys, type Clause } from "./effects-change";
import { someOf } from "./words";

/** What a new or changed role `firewall` opens and closes. Connections that are open already stay. */
export function firewallClauses(before: DesiredState | undefined, after: DesiredState): Clause[] {
    const now = openPorts(after);
    if (before === undefined) {
        const but = Object.keys(now).length === 0 ? "" : ` but ${someOf(Object.keys(now).sort(byPort), 6)}`;
        return [{ text: `the firewall closes everything${but}`, interrupts: true }];
    }
    const { added, removed, changed } = compareKeys(openPorts(before), now);
    const said: [string, readonly string[], true?][] = [
        ["opens", added],
        ["closes", removed, true],
        ["lets others in than before:", changed],
    ];
    return said
        .filter(([, ports]) => ports.length > 0)
        .map(([verb, ports, interrupts]) => ({
            text: `the firewall ${verb} ${someOf([...ports].sort(byPort), 6)}`,
            ...(interrupts === undefined ? {} : { interrupts }),
        }));
}

/** `443/udp for everybody (caddy)` → the mesh addresses that may ask, where the rules name them. */
function openPorts({ files = {} }: DesiredState): Record<string, string> {
    const found: Record<string, string> = {};
    let chain = "";
    for (const line of files[rulesFile]?.text.split("\n") ?? []) {
        chain = /^ {4}chain (\S+) \{$/.exec(line)?.[1] ?? chain;
        const [, from = "", protocol, port, what] =
            /^ +(?:ip saddr \{ (.+) \} )?meta l4proto (\S+) ct original proto-dst (\d+) accept comment "(.*)"$/.exec(
                line,
            ) ?? [];
        if (port === undefined) continue;
        found[`${port}/${protocol ?? ""} for ${audiences[chain] ?? chain} (${what ?? ""})`] = from;
    }
    return found;
}

const audiences: Readonly<Record<string, string>> = { allowed: "everybody", lan: "the LAN", mesh: "the mesh" };

function byPort(a: string, b: string): number {
    return parseInt(a, 10) - parseInt(b, 10) || a.localeCompare(b);
}
