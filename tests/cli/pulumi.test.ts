import { join } from "node:path";
import { pace, pulumiEnvironment } from "../../tools/cli/pulumi";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

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

test("the engine is given the pace for many nodes, unless the operator said another one", () => {
    const root = makeRoot({ "stacks/home.passphrase": "x" });
    expect(pulumiEnvironment(root, "home", {})).toMatchObject(pace);
    const own = { PULUMI_PARALLEL: "3", GOGC: "50", GOMEMLIMIT: "off" };
    expect(pulumiEnvironment(root, "home", own)).toMatchObject(own);
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
