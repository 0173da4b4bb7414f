import type { Role } from "../../components/converge/schema";
import { differences, diskOf } from "./program/disk";
import { Engine } from "./program/drive";
import { attempt, file, fleetOf, spare, start, statusOf, textOf } from "./program/spare";
import { lab, note, on, operator, until, type Result } from "./support";

/*
 * What goes wrong under a change, on a real machine: each ends in one clear message with nothing half-written, and taking the cause
 * away and `up` is all it takes. At the end the machine leaves, and is file by file what it was before it joined.
 */

type Roles = Readonly<Record<string, Role>>;

const base: Roles = {
    base: { files: { "/etc/base": file("base\n"), "/etc/deep/er/base": file("base\n") } },
    packages: { packages: { tree: {} } },
};
let engine: Engine;
let before: Set<string>;
let roles: Roles = base;

const up = (more: Roles): Promise<Result> => engine.up(fleetOf("box", { ...roles, ...more }));

/** Applies roles that have to fail with a message, takes the cause away, and applies them again. */
async function healed(what: string, more: Roles, message: RegExp, mend: () => Promise<unknown>): Promise<void> {
    const failed = await up(more);
    note(`fault-${what}.txt`, failed.text);
    expect([what, failed.code]).not.toEqual([what, 0]);
    expect(failed.text).toMatch(message);
    const left = await on("box", "find", "/etc", "/srv", "/opt", "-xdev", "-name", "*sovereign-edge.*");
    expect(left.stdout.split("\n").filter((name) => name !== "" && !name.startsWith("/etc/systemd"))).toEqual([]);
    await mend();
    roles = { ...roles, ...more };
    const again = await up({});
    note(`fault-${what}-healed.txt`, again.text);
    expect([what, again.code]).toEqual([what, 0]);
}

beforeAll(async () => {
    await start("box");
    before = await diskOf("box");
    engine = await Engine.make(operator);
    const first = await up({});
    note("faults-first.txt", first.text);
    expect(first.code).toBe(0);
});
afterAll(async () => {
    engine.dispose();
    await lab("power", "off", "box");
});

test("a full disk", async () => {
    await on("box", "sh", "-c", "mkdir -p /srv/small && mount -t tmpfs -o size=64k tmpfs /srv/small");
    const large: Role = { files: { "/srv/small/large": file("x".repeat(150_000)) } };
    await healed(
        "full",
        { large },
        /large: .*(No space left|room|free|bytes)[^]*(Nothing was changed|as it was before)/,
        () => on("box", "mount", "-o", "remount,size=1m", "/srv/small"),
    );
});

test("a read-only file system", async () => {
    await on("box", "sh", "-c", "mkdir -p /srv/fixed && mount -t tmpfs -o ro tmpfs /srv/fixed");
    await healed("read-only", { fixed: { files: { "/srv/fixed/x": file("x\n") } } }, /fixed: .*[Rr]ead-only/, () =>
        on("box", "mount", "-o", "remount,rw", "/srv/fixed"),
    );
});

test("a disk of converge.py's own that is read-only", async () => {
    await on(
        "box",
        "sh",
        "-c",
        "mount --bind /var/lib/sovereign-edge /var/lib/sovereign-edge && mount -o remount,bind,ro /var/lib/sovereign-edge",
    );
    await healed(
        "own-read-only",
        { other: { files: { "/etc/other": file("x\n") } } },
        /[Rr]ead-only[^]*\/var\/lib\/sovereign-edge|\/var\/lib\/sovereign-edge[^]*[Rr]ead-only/,
        () => on("box", "umount", "/var/lib/sovereign-edge"),
    );
});

test("a change whose process the kernel kills, as it does when no memory is left", async () => {
    const action = { argv: ["sh", "-c", "sleep 600"], on: { "/etc/eater": true } } as const;
    const eater: Role = { files: { "/etc/eater": file("new\n") }, actions: { eat: action } };
    const killed = up({ eater });
    await until("the change", 120, async () => (await attempt("box", "test", "-e", "/etc/eater")).code === 0);
    await on("box", "sh", "-c", "systemctl kill --kill-whom=main -s KILL 'sovereign-edge-apply-eater-*'");
    const result = await killed;
    note("fault-killed.txt", result.text);
    expect(result.code).not.toBe(0);
    expect(result.text).toMatch(/apply-eater: the change was cut off: it was killed/);
    roles = { ...roles, eater: { files: { "/etc/other-eater": file("new\n") } } };
    const again = await up({});
    note("fault-killed-healed.txt", again.text);
    expect(again.code).toBe(0);
    expect((await attempt("box", "test", "-e", "/etc/eater")).code).not.toBe(0);
});

test("a dpkg that was interrupted, while somebody else still has its lock", async () => {
    await on(
        "box",
        "sh",
        "-c",
        "cd /tmp && apt-get -q download bc >/dev/null && dpkg --unpack bc_*.deb && rm bc_*.deb",
    );
    const hold =
        "import fcntl,time; f=open('/var/lib/dpkg/lock-frontend','w'); fcntl.lockf(f,fcntl.LOCK_EX); time.sleep(6)";
    await on("box", "systemd-run", "--quiet", "--collect", "--unit=holder", "python3", "-c", hold);
    roles = { ...roles, packages: { packages: { tree: {}, pv: {} } } };
    const waited = await up({});
    note("fault-dpkg.txt", waited.text);
    expect(waited.code).toBe(0);
    const states = await on("box", "dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", "bc", "pv", "tree");
    expect(states.stdout.trim().split("\n")).toEqual(["bc installed", "pv installed", "tree installed"]);
    await on("box", "dpkg", "--purge", "bc");
});

test("a dead DNS", async () => {
    await on(
        "box",
        "sh",
        "-c",
        "rm -rf /var/lib/apt/lists/*_* && cat /etc/resolv.conf >/run/resolv && echo nameserver 127.0.0.9 >/etc/resolv.conf",
    );
    const packages: Role = { packages: { tree: {}, pv: {}, lsof: {} } };
    await healed("dns", { packages }, /packages: .*packages\.lab\.example/, () =>
        on("box", "sh", "-c", "cat /run/resolv >/etc/resolv.conf"),
    );
});

test("a connection that is lost in the middle: the change goes on, and the next up has its outcome", async () => {
    const go = "/run/go-on";
    const slow: Role = {
        files: { "/etc/slow": file("slow\n") },
        actions: { wait: { argv: ["sh", "-c", `until test -e ${go}; do sleep 0.1; done`], on: { "/etc/slow": true } } },
    };
    const lost = up({ slow });
    await until("the change", 120, async () => (await attempt("box", "test", "-e", "/etc/slow")).code === 0);
    const sessions = "for pid in $(pgrep -f '^sshd-session: admin'); do kill -9 $pid; done";
    await on("box", "sh", "-c", sessions);
    const result = await lost;
    note("fault-lost.txt", result.text);
    expect(result.code).not.toBe(0);
    await on("box", "touch", go);
    roles = { ...roles, slow };
    const again = await up({});
    note("fault-lost-again.txt", again.text);
    expect(again.code).toBe(0);
    const resource = (await engine.state()).find(({ urn }) => urn.endsWith("::slow on box"));
    expect(resource?.outputs?.["stdout"]).toMatch(/^changed: \/etc\/slow; ran wait\n/);
});

test("two operators at once: one waits for the other", async () => {
    const other = await Engine.make(operator);
    const patient = (text: string): Roles => ({
        ...roles,
        base: {
            ...base["base"],
            files: { "/etc/base": file(text) },
            actions: { nap: { argv: ["sleep", "4"], on: { "/etc/base": true } } },
        },
    });
    try {
        const [first, second] = await Promise.all([
            engine.up(fleetOf("box", patient("first\n"))),
            other.up({ nodes: { box: { ...spare("box", patient("second\n")), road: 29_120 } } }),
        ]);
        note("fault-two.txt", `${first.text}\n---\n${second.text}`);
        expect([first.code, second.code].filter((code) => code === 0).length).toBeGreaterThan(0);
        for (const { code, text } of [first, second])
            if (code !== 0) expect(text).toMatch(/not applied yet with this desired state|is busy/);
        expect(["first\n", "second\n"]).toContain(await textOf("box", "/etc/base"));
        expect((await statusOf("box")).roles["base"]!.result).toBe("applied");
    } finally {
        other.dispose();
    }
});

test("a machine that leaves is what it was before it joined", async () => {
    await on("box", "umount", "/srv/small", "/srv/fixed");
    await on("box", "rmdir", "/srv/small", "/srv/fixed");
    const left = await engine.up(fleetOf("box", {}, { leaving: true }));
    note("leave.txt", left.text);
    expect(left.code).toBe(0);
    const found = differences(before, await diskOf("box"));
    note("leave-differences.txt", found.join("\n"));
    expect(found).toEqual([]);
    expect((await engine.up(fleetOf("box", {}, { leaving: true }))).code).toBe(0);
});
