import { operatorEnvironment, parseOrder } from "../../lab/exec";
import { duration, table } from "../../lab/list";

describe("exec", () => {
    test("everything behind the dashes is the command, dashes too", () => {
        expect(parseOrder(["alice", "--", "sh", "-c", "true", "--", "--user"])).toEqual({
            place: "alice",
            command: ["sh", "-c", "true", "--", "--user"],
        });
    });

    test.each([
        ["--user", "pi", "operator"],
        ["operator", "--user", "pi"],
    ])("takes --user on either side", (...before) => {
        // prettier-ignore
        expect(parseOrder([...before, "--", "id"])).toEqual({ place: "operator", user: "pi", command: ["id"] });
    });

    test.each([
        [[]],
        [["alice"]],
        [["alice", "--"]],
        [["--", "id"]],
        [["alice", "id"]],
        [["a", "b", "--", "id"]],
        [["operator", "--user", "--", "id"]],
    ])("refuses %j", (args) => {
        // prettier-ignore
        expect(() => parseOrder(args)).toThrow(/^usage: /);
    });

    test("runs as another user only where the operator stands", () => {
        expect(() => parseOrder(["--user", "pi", "alice", "--", "id"])).toThrow(/Only `exec operator`/);
    });

    test("the operator trusts the lab's anchors alone and knows no way around the lab", () => {
        const environment = operatorEnvironment({
            PATH: "/bin",
            HTTPS_PROXY: "http://proxy",
            no_proxy: "x",
            SSL_CERT_DIR: "/etc/ssl/certs",
            SSL_CERT_FILE: "/etc/ssl/cert.pem",
        });
        expect(Object.keys(environment).sort()).toEqual(
            ["PATH", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSH_AUTH_SOCK"].sort(),
        ); // prettier-ignore
        expect(environment["SSL_CERT_FILE"]).toMatch(/^\/run\//);
    });
});

test("list prints a line a machine", () => {
    expect(
        table([
            { name: "alice", address: "192.168.8.11", state: "on", uptime: 7 },
            { name: "box", address: "192.168.8.20", state: "off" },
        ]),
    ).toBe("alice      192.168.8.11   on      7 s\nbox        192.168.8.20   off");
});

test.each([
    [0.4, "0 s"],
    [99, "99 s"],
    [100, "2 min"],
    [7200, "2 h"],
])("%d seconds are %s", (seconds, text) => {
    // prettier-ignore
    expect(duration(seconds)).toBe(text);
});
