import { causeLines, EventReader, roleOnNode, type Happening } from "../../tools/cli/events";

/** Events as CLI 3.259 writes them with `up --json`, cut to what is read. */
const urn = (type: string, name: string): string => `urn:pulumi:home::sovereign-edge::${type}::${name}`;
const command = "sovereign-edge:fleet:Fleet$sovereign-edge:node:Node$command:remote:Command";
const step = (kind: string, op: string, type: string, name: string, outputs?: object): string =>
    JSON.stringify({
        sequence: 1,
        [kind]: { metadata: { op, urn: urn(type, name), type: type.split("$").at(-1), new: { outputs } } },
    });
const diagnostic = (severity: string, message: string, more: object = {}): string =>
    JSON.stringify({ diagnosticEvent: { severity, message, color: "never", ...more } });

function read(lines: readonly string[]): { reader: EventReader; happenings: Happening[] } {
    const reader = new EventReader();
    return { reader, happenings: lines.flatMap((line) => reader.read(line)) };
}

test("changed, unchanged and failed resources are told apart; components are none of them", () => {
    const { reader, happenings } = read([
        step("resourcePreEvent", "same", "pulumi:pulumi:Stack", "sovereign-edge-home"),
        step("resourcePreEvent", "create", "sovereign-edge:fleet:Fleet$sovereign-edge:node:Node", "box"),
        step("resOutputsEvent", "create", "sovereign-edge:fleet:Fleet$sovereign-edge:node:Node", "box"),
        step("resOutputsEvent", "create", "pulumi:providers:command", "default_1_2_1"),
        step("resourcePreEvent", "update", command, "caddy on box"),
        step("resOutputsEvent", "update", command, "caddy on box"),
        step("resOutputsEvent", "same", command, "pdns on box"),
        step("resourcePreEvent", "create", command, "packages on box"),
        diagnostic(
            "error",
            'Process exited with status 1: running "sudo -n python3 -I /x \\"y\\" apply":\nfailed: apt: no such package\n\n',
            {
                urn: urn(command, "packages on box"),
            },
        ),
        step("resOpFailedEvent", "create", command, "packages on box"),
        step("resOutputsEvent", "same", "pulumi:pulumi:Stack", "sovereign-edge-home", { ca: "PEM" }),
        diagnostic("error", "update failed\n"),
        diagnostic("warning", "retrying create due to on-error hook request (1/100)", {
            urn: urn(command, "wireguard on box"),
        }),
    ]);
    const { changed, unchanged, failed, errors, outputs } = reader.result;
    expect([...changed]).toEqual([["caddy on box", "update"]]);
    expect([...unchanged]).toEqual(["pdns on box"]);
    expect([...failed]).toEqual([["packages on box", ["failed: apt: no such package"]]]);
    expect(errors).toEqual([]);
    expect(outputs).toEqual({ ca: "PEM" });
    expect(happenings.map(({ kind }) => kind)).toEqual(["started", "changed", "started", "failed"]);
});

test("what the engine refuses before it begins has its cause said, and not that the preview failed", () => {
    const key = "tls:index/privateKey:PrivateKey";
    const text = 'unable to replace resource "host key of box" as it is currently marked for protection.';
    const { reader } = read([
        diagnostic("error", text, { urn: urn(key, "host key of box") }),
        diagnostic("error", "first attempt", { urn: urn(command, "sshd on box") }),
        step("resOutputsEvent", "update", command, "sshd on box"),
        diagnostic("error", "preview failed\n"),
    ]);
    expect([...reader.result.failed]).toEqual([["host key of box", [text]]]);
    expect(reader.result.errors).toEqual([]);
    reader.read(diagnostic("error", "no such package", { urn: urn(command, "packages on box") }));
    reader.read(step("resOpFailedEvent", "create", command, "packages on box"));
    expect([...reader.result.failed]).toEqual([["packages on box", ["no such package"]]]);
});

test("a replacement is one change", () => {
    const ops = ["create-replacement", "replace", "delete-replaced"];
    const { reader, happenings } = read(
        ops.flatMap((op) => [
            step("resourcePreEvent", op, command, "caddy on box"),
            step("resOutputsEvent", op, command, "caddy on box"),
        ]),
    );
    expect([...reader.result.changed]).toEqual([["caddy on box", "create-replacement"]]);
    expect(happenings.map(({ kind }) => kind)).toEqual(["started", "changed"]);
});

test("errors of the program itself are kept, without colour marks", () => {
    const { reader } = read([
        diagnostic("error", "<{%reset%}>stacks/home.yaml:4:1  SE002\u001b[0m\n", {
            urn: urn("pulumi:pulumi:Stack", "sovereign-edge-home"),
        }),
    ]);
    expect(reader.result.errors).toEqual(["stacks/home.yaml:4:1  SE002"]);
});

test("warnings are passed on; dial retries, debug words and lines that are no event are not", () => {
    const { happenings } = read([
        diagnostic("warning", "box does not answer (…).\n"),
        diagnostic("info", "Dial 1/1 failed: retrying\n", { ephemeral: true, urn: urn(command, "caddy on box") }),
        diagnostic("debug", "Registering resource\n"),
        "",
        "{broken",
        "Previewing update",
    ]);
    expect(happenings).toEqual([{ kind: "said", severity: "warning", text: "box does not answer (…)." }]);
});

test.each([
    [
        'Process exited with status 1: running "sudo -n python3 -I -c \\"import sys\\" install":\nfirst\n\n  second\nfirst\n',
        ["first", "second"],
    ],
    [
        "after 1 failed attempts: dial tcp 127.0.0.1:29998: connect: connection refused",
        ["after 1 failed attempts: dial tcp 127.0.0.1:29998: connect: connection refused"],
    ],
    [
        'Process exited with status 1: running "sudo -n python3":\nsudo: a password is required\n',
        [expect.stringMatching(/^sudo wants a password .* NOPASSWD: ALL/)],
    ],
    ['Process exited with status 137: running "sudo -n python3":\n\n', ["Process exited with status 137"]],
    [
        'Process exited with status 1: running "x":\nwaiting for pid 210 (role packages)\nsudo: unable to resolve host x: Name or service not known\ncaddy: no room\n',
        ["caddy: no room"],
    ],
    ["1 error occurred:\n\t* make the droplet a: it is `new` still\n\n", ["make the droplet a: it is `new` still"]],
    [
        "  sdk-v2/provider2.go:571: sdk.helper_schema: DELETE https://x/v2/vpcs/1: 409 Can not delete VPC with members: provider=digitalocean@4.80.1",
        ["DELETE https://x/v2/vpcs/1: 409 Can not delete VPC with members"],
    ],
    [
        "deleting urn:pulumi:dev::sovereign-edge::a:fleet:Fleet$digitalocean:index/vpc:Vpc::vpc sfo3: 1 error occurred:\n\t* DELETE x: 409\n",
        ["DELETE x: 409"],
    ],
])("the cause of %j", (message, lines) => {
    expect(causeLines(message)).toEqual(lines);
});

test("a resource's name says its role and node", () => {
    expect(roleOnNode("zone-dev.example on gematria")).toEqual({ role: "zone-dev.example", node: "gematria" });
    expect(roleOnNode("mesh secret")).toBeUndefined();
});
