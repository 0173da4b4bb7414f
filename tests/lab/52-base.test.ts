import { attempt } from "./program/spare";
import { must, on, until } from "./support";

/*
 * The firewall on the dev fleet. The operator stands in the LAN of alice and cecilia, and reaches gematria through NAT,
 * as anybody on the internet does.
 */

const [alice, gematria] = ["192.168.8.11", "203.0.113.10"];

/** What comes of a TCP connection: `open`, `refused` at once, or `silence` for two seconds. */
async function knock(from: string, host: string, port: number): Promise<string> {
    const script = [
        "import socket, sys",
        "try:",
        "    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()",
        "    print('open')",
        "except TimeoutError:",
        "    print('silence')",
        "except ConnectionRefusedError:",
        "    print('refused')",
    ].join("\n");
    return (await on(from, "python3", "-c", script, host, `${port}`)).stdout.trim();
}

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    for (const node of ["alice", "gematria"]) {
        // A service that no inventory knows of, on all addresses.
        await on(node, "systemd-run", "--quiet", "--unit=stray", "python3", "-m", "http.server", "9999");
        await on(node, "nft", "add table ip others; add chain ip others kept; add rule ip others kept counter");
    }
});

afterAll(async () => {
    for (const node of ["alice", "gematria"]) {
        await attempt(node, "systemctl", "stop", "stray");
        await attempt(node, "nft", "delete", "table", "ip", "others");
    }
});

describe("the firewall", () => {
    test("lets in what the plan says, from where it says, and nothing else", async () => {
        await until("the stray service", 10, async () => (await knock("alice", "127.0.0.1", 9999)) === "open");
        const found = {
            "internet to caddy": await knock("operator", gematria, 443),
            "internet to sshd": await knock("operator", gematria, 22),
            "internet to a stray service": await knock("operator", gematria, 9999),
            "LAN to sshd": await knock("operator", alice, 22),
            "LAN to a stray service": await knock("operator", alice, 9999),
            "neighbour to a stray service": await knock("cecilia", alice, 9999),
            "gateway to the engine": await knock("gematria", "10.44.0.12", 8512),
            "another node to the engine": await knock("alice", "10.44.0.12", 8512),
            "mesh to a stray service": await knock("cecilia", "10.44.0.11", 9999),
        };
        expect(found).toEqual({
            "internet to caddy": "open",
            "internet to sshd": "open",
            "internet to a stray service": "silence",
            "LAN to sshd": "open",
            "LAN to a stray service": "silence",
            "neighbour to a stray service": "silence",
            "gateway to the engine": "open",
            "another node to the engine": "refused",
            "mesh to a stray service": "refused",
        });
        expect((await on("cecilia", "ping", "-c1", "-W2", alice)).code).toBe(0);
    });
});
