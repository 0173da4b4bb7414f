import type { Role } from "../../components/converge/schema";
import { renderServer, serverPackages } from "../../components/dns/render";
import { readSource } from "../../components/fleet/source";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Engine } from "./program/drive";
import { file, fleetOf, start, statusOf, textOf } from "./program/spare";
import { lab, note, on, operator, root } from "./support";

/*
 * A broken deploy: what a checker refuses never comes into use, and what fails after that goes back. The old one serves all the
 * while, asked twenty times a second. Real Caddy, PowerDNS, nftables, sshd and systemd on a machine of the lab.
 */

interface Locked {
    readonly artifacts: Record<string, { version: string; amd64: { url: string; sha256: string; bytes: number } }>;
}

type Roles = Readonly<Record<string, Role>>;

const address = "192.168.8.20";
const program = ["python3", "-I", "/usr/local/lib/sovereign-edge/converge.py"];
const sshdFile = "/etc/ssh/sshd_config.d/50-test.conf";
const nftFile = "/etc/sovereign-edge-test.nft";
const unitFile = "/etc/systemd/system/web.service";

/** What the artifact's lock says of Caddy; the lab's set-up wrote it. */
function caddyArtifact(): { url: string; sha256: string; bytes: number } {
    const source = readSource("dev.lock.yaml", readFileSync(resolve(root, "stacks/dev.lock.yaml"), "utf8"));
    const { url, sha256, bytes } = (source.value as Locked).artifacts["caddy"]!.amd64;
    return { url, sha256, bytes };
}

function caddy(text: string): Role {
    const binary = "/opt/test/caddy/caddy";
    return {
        artifacts: { "/opt/test/caddy": { ...caddyArtifact(), arch: "amd64", unpack: "tar.gz" } },
        files: {
            "/etc/caddy/Caddyfile": file(text, binary, "validate", "--adapter", "caddyfile", "--config", "{}"),
            "/etc/systemd/system/caddy.service": file(
                `[Service]\nExecStart=${binary} run --config /etc/caddy/Caddyfile\nExecReload=${binary} reload --config /etc/caddy/Caddyfile --force\n[Install]\nWantedBy=multi-user.target\n`,
            ),
        },
        units: {
            "caddy.service": { enabled: true, running: true, reloadOn: { "/etc/caddy/Caddyfile": true } },
        },
        checks: { answers: { http: { url: "http://127.0.0.1:8080/", status: 200 }, within: 5 } },
        rollback: "binary",
    };
}

const site = (body: string): string =>
    `{\n\tadmin unix//run/caddy-test.sock\n\tauto_https off\n}\n:8080 {\n\t${body}\n}\n`;

function zone(record: string): Role {
    const path = "/etc/powerdns/zones/test.example.zone";
    const text = `$ORIGIN test.example.\ntest.example.\t60\tIN\tSOA\tns.test.example. root.test.example. 0 60 60 60 60\ntest.example.\t60\tIN\tNS\tns.test.example.\nns\t60\tIN\tA\t${record}\n`;
    return {
        directories: { "/etc/powerdns/zones": { mode: "0755", owner: "root:root" } },
        files: { [path]: file(text, ...program, "zone-check", "test.example", "{}") },
        actions: { load: { argv: [...program, "zone-load", "test.example", path], on: { [path]: true } } },
    };
}

const nft = (rule: string): Role => ({
    files: {
        [nftFile]: file(
            `table inet test\ndelete table inet test\ntable inet test {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\t${rule}\n\t}\n}\n`,
            "nft",
            "-c",
            "-f",
            "{}",
        ),
    },
    actions: { load: { argv: ["nft", "-f", nftFile], on: { [nftFile]: true } } },
    removal: { unload: { argv: ["nft", "destroy", "table", "inet", "test"] } },
    confirm: { window: 20 },
});

const sshd = (line: string): Role => ({
    files: { [sshdFile]: file(`${line}\n`, "sshd", "-t", "-f", "{}") },
    units: { "ssh.service": { enabled: true, running: true, reloadOn: { [sshdFile]: true } } },
    confirm: { window: 20 },
});

/** A unit with the program it runs. */
const web = (start: string, stays = 0): Role => ({
    files: { [unitFile]: file(`[Service]\n${start}\n[Install]\nWantedBy=multi-user.target\n`) },
    units: {
        "web.service": {
            enabled: true,
            running: true,
            restartOn: { [unitFile]: true },
            ...(stays > 0 ? { stays } : {}),
        },
    },
});
const serve = "ExecStart=/usr/bin/python3 -m http.server 8081 --directory /srv";

const goodRoles = (): Roles => ({
    packages: { packages: Object.fromEntries(serverPackages.map((name) => [name, {}])) },
    pdns: renderServer(address, []),
    zone: zone("192.0.2.1"),
    caddy: caddy(site('respond "old"')),
    nft: nft("tcp dport 9999 drop"),
    sshd: sshd("LogLevel VERBOSE"),
    web: web(serve),
});

/** A broken role and what the message has to name. */
type Broken = readonly [role: string, state: () => Role, cause: RegExp];

const never = { never: { tcp: "127.0.0.1:9", within: 2 } };
const refusedZone = /zone: .*test\.example\.zone is refused by converge\.py zone-check[^]*ns\.test\.example/;

/** What breaks in one `up`. sshd's role stands alone: all others come after it. */
const broken: readonly (readonly [string, readonly Broken[]])[] = [
    [
        "a bad Caddyfile, zone, nftables file and unit file",
        [
            ["caddy", () => caddy(site("respnd nothing")), /caddy: .*Caddyfile is refused by caddy[^]*respnd/],
            ["zone", () => zone("192.0.2.999"), refusedZone],
            ["nft", () => nft("tcp dprt 22 drop"), /nft: .*test\.nft is refused by nft[^]*dprt/],
            ["web", () => web("ExecStrt=/bin/true"), /web: restart web\.service failed[^]*(bad.setting|ExecStart)/i],
        ],
    ],
    ["a bad sshd_config", [["sshd", () => sshd("LogLevle VERBOSE"), /sshd: .*is refused by sshd[^]*LogLevle/]]],
    [
        "a unit that dies after three seconds, and a check that never passes",
        [
            [
                "web",
                () => web("ExecStart=/bin/sh -c 'sleep 3; echo out of paper; exit 7'", 4),
                /web: web\.service did not stay up[^]*out of paper/,
            ],
            [
                "caddy",
                () => ({ ...caddy(site('respond "new"')), checks: never }),
                /caddy: check never did not pass within 2 s: 127\.0\.0\.1:9/,
            ],
        ],
    ],
];

let engine: Engine;
let good: Roles;
const up = (roles: Roles): ReturnType<Engine["up"]> => engine.up(fleetOf("box", roles));

beforeAll(async () => {
    await start("box");
    await operator(["./fleet", "-s", "dev", "pin"]);
    good = goodRoles();
    engine = await Engine.make(operator);
    const first = await up(good);
    note("broken-first.txt", first.text);
    expect([first.code, first.text]).toEqual([0, expect.anything()]);
});
afterAll(async () => {
    engine.dispose();
    await lab("power", "off", "box");
});

/** A client on the machine that asks the old Caddy all the time; gives how often each answer came. */
const client = `i=0; while [ ! -e /run/stop-asking ]; do curl -s -m 2 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/ || echo failed; sleep 0.05; done | sort | uniq -c >/run/answers.new; mv /run/answers.new /run/answers`;
async function asking(body: () => Promise<void>): Promise<string> {
    await on("box", "rm", "-f", "/run/stop-asking", "/run/answers");
    await on("box", "systemd-run", "--quiet", "--collect", "sh", "-c", client);
    await body();
    await on("box", "touch", "/run/stop-asking");
    return (await on("box", "sh", "-c", "while [ ! -e /run/answers ]; do sleep 0.1; done; cat /run/answers")).stdout;
}

test.each(broken)("%s: named, without harm; a mended state then goes through", async (_, roles) => {
    const before = (await statusOf("box")).roles;
    const names = roles.map(([role]) => role);
    const answers = await asking(async () => {
        const result = await up({ ...good, ...Object.fromEntries(roles.map(([role, state]) => [role, state()])) });
        note(`broken-${names.join("-")}.txt`, result.text);
        expect(result.code).not.toBe(0);
        for (const [, , cause] of roles) expect(result.text).toMatch(cause);
        expect(result.text.match(/as it was before|previous configuration is in place/g)).not.toBeNull();
    });
    expect(answers.trim()).toMatch(/^\d+ 200$/);
    expect((await on("box", "curl", "-s", "http://127.0.0.1:8080/")).stdout).toBe("old");
    await must8081();
    const after = (await statusOf("box")).roles;
    for (const role of Object.keys(before)) {
        if (names.includes(role)) expect(after[role]!.result).toMatch(/^failed: /);
        else expect(after[role]).toEqual(before[role]);
    }
    const mended = Object.fromEntries(
        names.map((name) => [name, { ...good[name], checks: { [`fine-${names.length}`]: fine } }]),
    );
    good = { ...good, ...mended };
    const healed = await up(good);
    note(`mended-${names.join("-")}.txt`, healed.text);
    expect(healed.code).toBe(0);
    const result = (await statusOf("box")).roles;
    expect(names.map((name) => result[name]!.result)).toEqual(names.map(() => "applied"));
});

/** A check that always passes: with it a role is another desired state than before. */
const fine = { argv: ["true"], within: 1 };
const must8081 = (): Promise<unknown> => on("box", "curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:8081/");

test("what was made by hand is put right by the next run of the role, and the log says so", async () => {
    await on("box", "sh", "-c", "echo '# mine' >>/etc/caddy/Caddyfile; rm /etc/sovereign-edge-test.nft");
    await on("box", "systemctl", "disable", "--now", "web.service");
    await on("box", "dpkg", "--remove", "--force-depends", "pdns-backend-sqlite3");
    const again = await up({ ...good });
    expect(again.code).toBe(0);
    // Nothing is sent while the state says that all is well: sending again is asked for with the incarnation.
    const sent = await engine.up(fleetOf("box", good, { incarnation: 2 }));
    note("by-hand.txt", sent.text);
    expect(sent.code).toBe(0);
    expect(await textOf("box", "/etc/caddy/Caddyfile")).toBe(site('respond "old"'));
    expect((await on("box", "systemctl", "is-active", "web.service")).stdout.trim()).toBe("active");
    expect((await on("box", "dpkg-query", "-W", "-f", "${db:Status-Status}", "pdns-backend-sqlite3")).stdout).toBe(
        "installed",
    );
    const log = await textOf("box", "/var/log/sovereign-edge/history.jsonl");
    const found = log
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => (JSON.parse(line) as { found?: string[] }).found ?? []);
    note("by-hand-found.txt", found.join("\n"));
    expect(found.join("\n")).toMatch(/\/etc\/caddy\/Caddyfile/);
    expect(found.join("\n")).toMatch(/\/etc\/sovereign-edge-test\.nft/);
    expect(found.join("\n")).toMatch(/web\.service/);
    expect(found.join("\n")).toMatch(/pdns-backend-sqlite3/);
});
