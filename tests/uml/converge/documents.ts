import { canonical, digest } from "../../../components/converge/canonical";
import { commandLine } from "../../../components/converge/command";
import type { Verb } from "../../../components/converge/command";
import type { DesiredFile, DesiredState, Roster, SecretsDocument } from "../../../components/converge/schema";
import { ADMIN } from "../../../lab/uml/plan";

const header = { version: 1, fleet: "dev", node: "alice", incarnation: 1 } as const;

const file = (text: string, mode = "0644", ...validate: string[]): DesiredFile => ({
    mode,
    owner: "root:root",
    text,
    ...(validate.length === 0 ? {} : { validate }),
});

/** A service that shows in /run/NAME.seen what it read when it started. */
const service = (name: string, version: string, reads: string): DesiredFile =>
    file(
        [
            `[Unit]\nDescription=${name}, version ${version}`,
            `[Service]\nExecStartPre=/bin/sh -c 'cat ${reads} >/run/${name}.seen'\nExecStart=/usr/bin/sleep infinity`,
            "[Install]\nWantedBy=multi-user.target\n",
        ].join("\n"),
    );

const OLD_WEB: DesiredState = {
    ...header,
    role: "web",
    secrets: { "web.password": 1, "web.salt": 1 },
    files: {
        "/etc/web/web.conf": file("one {{secret:web.password}}\n", "0640"),
        "/etc/web/mode.conf": file("the same\n"),
        "/etc/systemd/system/web.service": service("web", "1", "/etc/web/web.conf"),
    },
    units: { "web.service": { enabled: true, running: true, restartOn: { "/etc/web/web.conf": true } } },
};

/** 5 files, 2 units and 1 secret change. */
const NEW_WEB: DesiredState = {
    ...OLD_WEB,
    secrets: { "web.password": 2, "web.salt": 1 },
    files: {
        "/etc/web/web.conf": file("two {{secret:web.password}}\n", "0640"),
        "/etc/web/mode.conf": file("the same\n", "0600"),
        "/opt/web/extra/new.conf": file("new\n"),
        "/etc/systemd/system/web.service": service("web", "2", "/etc/web/web.conf"),
        "/etc/systemd/system/worker.service": service("worker", "2", "/opt/web/extra/new.conf"),
    },
    units: {
        ...OLD_WEB.units,
        "worker.service": { enabled: true, running: true, restartOn: { "/opt/web/extra/new.conf": true } },
    },
};

/**
 * A firewall that lets SSH and one more port in.
 * @param window seconds; long enough for a confirmation on a processor that others use too
 */
const firewall = (port: number, window = 120): DesiredState => {
    const rules = [
        "type filter hook input priority filter; policy drop;",
        "ct state established,related accept",
        'iifname "lo" accept',
        `tcp dport { 22, ${port} } accept`,
    ].join("\n\t\t");
    const text = `#!/usr/sbin/nft -f\nflush ruleset\ntable inet fleet {\n\tchain input {\n\t\t${rules}\n\t}\n}\n`;
    return {
        ...header,
        role: "firewall",
        files: { "/etc/nftables.conf": file(text, "0755", "nft", "-c", "-f", "{}") },
        actions: { load: { argv: ["nft", "-f", "/etc/nftables.conf"], on: { "/etc/nftables.conf": true } } },
        units: { "nftables.service": { enabled: true, running: true } },
        confirm: { window },
    };
};

const secrets = (generation: number): SecretsDocument => ({
    ...header,
    secrets: {
        "web.password": { generation, value: `password of generation ${generation}` },
        "web.salt": { generation: 1, value: "salt that stays" },
    },
    wireguard: {},
});

const roster = (...roles: DesiredState[]): Roster => ({
    ...header,
    roles: Object.fromEntries(roles.map((desired) => [desired.role, digest(desired)])),
});

/** One run of converge.py. */
export interface Run {
    readonly name: string;
    readonly command: string;
    /** What it reads. */
    readonly input: string;
    /** Words in the command line of the process that makes the change. */
    readonly process: string;
    /** What it did goes back unless the next run confirms it. */
    readonly armed?: true;
    /** Comes over a connection of its own. */
    readonly fresh?: true;
    /** Nobody confirms it: it is over when the timer has undone it. */
    readonly reverts?: true;
}

/** A command line whose Python loads `stop.py` at its start, which it is told not to. */
const hooked = (line: string): string => line.replace("python3 -I -S ", "python3 -I ");

const run = (name: string, verb: Verb, document: unknown, process: string): Run => ({
    name,
    command: hooked(commandLine(verb, ADMIN)),
    input: canonical(document),
    process,
});
const secretsRun = (generation: number): Run => run("secrets", "secrets", secrets(generation), "/converge.py secrets");
const roleRun = (desired: DesiredState): Run => run(desired.role, "apply", desired, `run apply-${desired.role}`);
const armedRun = (desired: DesiredState): Run => ({ ...roleRun(desired), armed: true });
const confirmRun = (desired: DesiredState): Run => ({
    ...run("confirm", "apply", desired, "/converge.py apply"),
    fresh: true,
});
/** Waits until nothing is armed any more. */
const reverted =
    "until sudo test ! -e /var/lib/sovereign-edge/journal.json && ! systemctl is-active --quiet 'sovereign-edge-revert-*'; do sleep 0.2; done";
/** Applied and left alone. What makes the change that is looked at is the program that the timer starts. */
const revertRun = (desired: DesiredState): Run => ({
    ...run("revert", "apply", desired, "/converge.py recover"),
    command: `${hooked(commandLine("apply", ADMIN))}; ${reverted}`,
    reverts: true,
});
const finishRun = (...roles: DesiredState[]): Run => run("finish", "finish", roster(...roles), "run finish");

const [OLD_FIREWALL, NEW_FIREWALL] = [firewall(8080), firewall(8081)];

/** What makes a machine the old one. */
export const OLD_RUNS: readonly Run[] = [
    secretsRun(1),
    armedRun(OLD_FIREWALL),
    confirmRun(OLD_FIREWALL),
    roleRun(OLD_WEB),
    finishRun(OLD_FIREWALL, OLD_WEB),
];

/** A secret's next generation, the role that uses it, the end. */
export const WEB_RUNS: readonly Run[] = [secretsRun(2), roleRun(NEW_WEB), finishRun(OLD_FIREWALL, NEW_WEB)];

/** A confirmed commit: applied and armed, and confirmed by the same over a fresh connection. */
const FIREWALL_RUNS: readonly Run[] = [armedRun(NEW_FIREWALL), confirmRun(NEW_FIREWALL)];

/** The same, but first nobody confirms it, and the timer takes it back. */
export const REVERT_RUNS: readonly Run[] = [revertRun(firewall(8081, 10)), ...FIREWALL_RUNS];

/** A package from afar. */
export const TREE_RUN: Run = roleRun({ ...header, role: "packages", packages: { tree: {} } });

/** What `converge.py install` reads. */
export const installDocument = (program: string): string => canonical({ ...header, program });
