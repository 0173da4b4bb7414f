import { formatAge, formatBytes, formatMemory } from "./output";

/** What a node measured of itself: the part of `converge.py status` that is shown. An older program says less. */
export interface Facts {
    readonly disk: { readonly free: number; readonly total: number };
    readonly memory: { readonly available: number; readonly total: number };
    /** Seconds since it was started. */
    readonly uptime: number;
    readonly os?: { readonly name?: string };
    readonly hostname?: string;
    readonly machineId?: string;
    /** The node's clock when it answered, UTC. */
    readonly time?: string;
    /** `null` where the machine may not ask. */
    readonly clock?: { readonly synchronized: boolean | null };
    /** Degrees Celsius of the hottest sensor. */
    readonly temperature?: number | null;
    readonly throttled?: { readonly now: readonly string[]; readonly sinceBoot: readonly string[] } | null;
    /** Of what the inventory says: what does not hold, in words, and acceptances without a cause. */
    readonly claims?: {
        readonly wrong: Readonly<Record<string, string>>;
        readonly accepted: Readonly<Record<string, string>>;
        readonly stale: readonly string[];
    };
    /** Why it should be restarted, which boot configurations were tried and taken back, and which boot this is. */
    readonly reboot?: {
        readonly needed: readonly string[];
        readonly failed: readonly string[];
        readonly trying: boolean;
        readonly boot: string;
    };
}

/** A machine in a few words. */
export function factWords({ os, uptime, temperature, clock, disk, memory }: Facts): string {
    return [
        ...(os?.name === undefined ? [] : [os.name]),
        `up ${formatAge(uptime)}`,
        ...(typeof temperature === "number" ? [`${Math.round(temperature)} °C`] : []),
        ...(clock?.synchronized === false ? ["clock not synchronized"] : []),
        `disk ${formatBytes(disk.free)} free`,
        `memory ${formatMemory(memory.available)} of ${formatMemory(memory.total)} free`,
    ].join(", ");
}

/** What somebody should know of a machine, a line each. */
export function factNotes({ throttled, claims, disk, reboot }: Facts): string[] {
    const full = Math.floor((1 - disk.free / disk.total) * 100);
    const earlier = (throttled?.sinceBoot ?? []).filter((limit) => throttled?.now.includes(limit) !== true);
    return [
        ...Object.values(claims?.wrong ?? {}).map((words) => `not what the inventory says: ${words}`),
        ...Object.values(claims?.accepted ?? {}).map((words) => `accepted: ${words}`),
        ...(claims?.stale ?? []).map((key) => `what ${key} accepts is not the case any more: delete it under accept:`),
        ...(throttled?.now ?? []).map((limit) => `slowed down now: ${limit}`),
        ...earlier.map((limit) => `was slowed down since its start: ${limit}`),
        ...(reboot?.needed ?? []).map((why) => `needs a reboot: ${why}`),
        ...(reboot?.failed ?? []).map((words) => `a boot configuration was tried and taken back: ${words}`),
        ...(full >= 90 ? [`its disk is ${full} % full`] : []),
    ];
}

/** Seconds a clock may be off: certificates and DNS signatures bear no more with ease. */
export const clockTolerance = 60;

/**
 * What is wrong with a node's clock, in words; nothing when it is right.
 * @param now seconds since 1970, when its answer came
 */
export function clockTrouble({ time }: Facts, now: number): string | undefined {
    const off = time === undefined ? 0 : Math.round(Date.parse(time) / 1000 - now);
    if (Number.isNaN(off) || Math.abs(off) <= clockTolerance) return undefined;
    const direction = off < 0 ? "behind" : "ahead of";
    return `its clock is ${formatAge(Math.abs(off))} ${direction} the one here: certificates, signatures and apt go by it. On the machine: timedatectl set-ntp true`;
}

/** Whether a machine is what the inventory says, as far as is known. */
export function isAsSaid({ claims, reboot }: Facts): boolean {
    return Object.keys(claims?.wrong ?? {}).length === 0 && (reboot?.failed ?? []).length === 0;
}

/** What only shows when machines are held against each other: a name or an identity that two have. By node, a line each. */
export function mixUps(nodes: Readonly<Record<string, Facts>>): Record<string, string[]> {
    const names = Object.keys(nodes).sort();
    return Object.fromEntries(
        names.map((name) => {
            const { hostname = "", machineId = "" } = nodes[name] ?? {};
            const called = hostname.split(".")[0] ?? "";
            const twin = names.find(
                (other) => other !== name && machineId !== "" && nodes[other]?.machineId === machineId,
            );
            return [
                name,
                [
                    ...(called !== name && names.includes(called)
                        ? [`it calls itself ${called}, which is another node: \`hostnamectl set-hostname ${name}\``]
                        : []),
                    ...(twin === undefined
                        ? []
                        : [
                              `it has the machine id of ${twin}: one disk is a copy of the other (machine-id(5) says how to make a new one)`,
                          ]),
                ],
            ];
        }),
    );
}
