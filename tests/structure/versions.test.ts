import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { remote } from "@pulumi/command";

const root = resolve(__dirname, "../..");

function installed(name: string): unknown {
    const text = readFileSync(resolve(root, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(text) as { version: unknown }).version;
}

test("the Pulumi packages are the set that is known to be good", () => {
    const names = ["@pulumi/pulumi", "@pulumi/command", "@pulumi/random", "@pulumi/tls", "pulumi"];
    expect(Object.fromEntries(names.map((name) => [name, installed(name)]))).toEqual({
        // The last one for Node 20.
        "@pulumi/pulumi": "3.248.0",
        // The registry's `latest`, 4.5.0, is a stray of 2022 without hostKey.
        "@pulumi/command": "1.2.1",
        "@pulumi/random": "4.21.1",
        "@pulumi/tls": "5.5.1",
        pulumi: "3.259.0",
    });
    expect(remote.CopyToRemote).toBeDefined();
});
