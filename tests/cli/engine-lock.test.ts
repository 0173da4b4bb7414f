import { hostname } from "node:os";
import { engineLock, lockWords, requireFreeStack } from "../../tools/cli/engine-lock";
import { makeClone, type Clone } from "./clone";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);
jest.setTimeout(60_000);

/** Above the kernel's limit for process ids: nobody's. */
const gone = 2 ** 22 + 1;

const lockFile = (pid: number, host = hostname(), stack = "home"): Record<string, string> => ({
    [`.state/.pulumi/stacks/sovereign-edge/${stack}.json`]: "{}",
    [`.state/.pulumi/locks/organization/sovereign-edge/${stack}/1.json`]: JSON.stringify({
        pid,
        username: "alexa",
        hostname: host,
        timestamp: "2026-11-21T10:00:32.123Z",
    }),
});

test("a stack that is not there names the verb that makes it", () => {
    expect(() => {
        requireFreeStack(makeRoot({}), "home");
    }).toThrow("Run `./fleet init home`");
});

test("a free stack is free", () => {
    const root = makeRoot({ ".state/.pulumi/stacks/sovereign-edge/home.json": "{}" });
    expect(() => {
        requireFreeStack(root, "home");
    }).not.toThrow();
});

test("who holds the lock is named; a run that is gone says how to free it", () => {
    const words = (files: Record<string, string>): string => lockWords("home", engineLock(makeRoot(files), "home")!);
    expect(words(lockFile(process.pid))).toBe(
        `Another run is at work on home: alexa@${hostname()} (process ${process.pid}, since 2026-11-21T10:00:32). Wait until it has ended.`,
    );
    expect(words(lockFile(gone))).toMatch(/a run that is gone: .* Free it with `\.\/fleet -s home unlock`\.$/);
    expect(words(lockFile(gone, "elsewhere"))).toMatch(/Wait until it has ended; if that computer went away/);
});

test("a run that was killed while it wrote its lock is gone", () => {
    const [[stack], [lock, text]] = Object.entries(lockFile(process.pid)) as [[string], [string, string]];
    const torn = makeRoot({ [stack]: "{}", [lock]: text.slice(0, 20) });
    expect(lockWords("home", engineLock(torn, "home")!)).toBe(
        "The stack home is still locked by a run that is gone: somebody (the note 1.json is not whole). Free it with `./fleet -s home unlock`.",
    );
});

describe("npm run down", () => {
    const dev = (pid: number): Promise<Clone> =>
        makeClone("", {
            ...lockFile(pid, hostname(), "dev"),
            "stacks/dev.passphrase": "x",
            "stacks/dev.lock.yaml": "version: 1\n",
            // The lab is down.
            "lab/main.ts": "",
        });

    test("frees the stack from a run that is gone before it forgets it", async () => {
        const clone = await dev(gone);
        const { code, stdout } = await clone.program("tools/dev", "down");
        expect([code, stdout]).toEqual([0, expect.stringContaining("The stack dev is free again; it was locked by")]);
        expect(clone.calls()).toEqual([
            "pulumi cancel --yes --stack dev checkpoints=",
            "pulumi stack rm dev --force --yes --preserve-config checkpoints=",
        ]);
        expect(clone.read("stacks/dev.lock.yaml")).toBe("(none)");
    });

    test("leaves a run alone that goes on", async () => {
        const clone = await dev(process.pid);
        const { code, stderr } = await clone.program("tools/dev", "down");
        expect([code, stderr]).toEqual([1, expect.stringContaining("Another run is at work on dev: ")]);
        expect(clone.calls()).toEqual([]);
    });
});
