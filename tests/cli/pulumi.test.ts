import { hostname } from "node:os";
import { join } from "node:path";
import { engineLock, lockWords, pulumiEnvironment, requireFreeStack } from "../../tools/cli/pulumi";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

const lockFile = (pid: number, host = hostname()): Record<string, string> => ({
    ".state/.pulumi/stacks/sovereign-edge/home.json": "{}",
    ".state/.pulumi/locks/organization/sovereign-edge/home/1.json": JSON.stringify({
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
    // Above the kernel's limit for process ids: nobody's.
    expect(words(lockFile(2 ** 22 + 1))).toMatch(/a run that is gone: .* Free it with `\.\/fleet -s home unlock`\.$/);
    expect(words(lockFile(2 ** 22 + 1, "elsewhere"))).toMatch(/Wait until it has ended; if that computer went away/);
});

test("the stack's own passphrase goes before the terminal's; without any it is said where it should be", () => {
    const root = makeRoot({ "stacks/home.passphrase": "x" });
    const env = pulumiEnvironment(root, "home", { PULUMI_CONFIG_PASSPHRASE: "other", PATH: "/bin" });
    expect(env).toMatchObject({ PULUMI_CONFIG_PASSPHRASE_FILE: join(root, "stacks/home.passphrase"), PATH: "/bin" });
    expect(env["PULUMI_CONFIG_PASSPHRASE"]).toBeUndefined();
    expect(env["PULUMI_SKIP_UPDATE_CHECK"]).toBe("true");
    expect(
        pulumiEnvironment(makeRoot({}), "home", { PULUMI_CONFIG_PASSPHRASE: "own" })["PULUMI_CONFIG_PASSPHRASE"],
    ).toBe("own");
    expect(() => pulumiEnvironment(makeRoot({}), "home", {})).toThrow(/stacks\/home\.passphrase is missing/);
});

test("downloads of plugins are off exactly when every provider is there", () => {
    const providers = ["command", "digitalocean", "random", "tls"];
    const manifests = Object.fromEntries(
        providers.map((name) => [`node_modules/@pulumi/${name}/package.json`, '{"version":"1.0.0"}']),
    );
    const plugins = providers.map((name) => [`home/plugins/resource-${name}-v1.0.0/x`, ""]);
    const off = (files: Record<string, string>): string | undefined => {
        const root = makeRoot({ "stacks/home.passphrase": "x", ...files });
        return pulumiEnvironment(root, "home", { PULUMI_HOME: join(root, "home") })[
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
        ];
    };
    expect(off({ ...manifests, ...(Object.fromEntries(plugins) as Record<string, string>) })).toBe("true");
    expect(off({ ...manifests, ...(Object.fromEntries(plugins.slice(1)) as Record<string, string>) })).toBeUndefined();
});
