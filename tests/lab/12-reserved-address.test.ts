import { CLOUD } from "../../lab/plan";
import { lab, must, on, operator, place, run, until, type Result } from "./support";

/**
 * The edge and nameserver of the dev fleet stands on a droplet: the world knows its reserved address alone, the machine has
 * another one and an anchor.
 */
const reserved = "203.0.113.10";
const port = 9999;

/** A question for the SOA record of dev.example, over UDP or TCP; the addresses of who answered and the answer's code. */
const question = `
import socket, struct, sys
query = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\\3dev\\7example\\0" + struct.pack("!2H", 6, 1)
host, kind = sys.argv[1], sys.argv[2]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as line:
    line.settimeout(5)
    if kind == "udp":
        line.sendto(query, (host, 53))
        answer, (source, _) = line.recvfrom(1500)
    else:
        line.connect((host, 53))
        line.sendall(struct.pack("!H", len(query)) + query)
        answer, source = line.recv(1500)[2:], line.getpeername()[0]
print(source, answer[3] & 15, struct.unpack("!H", answer[6:8])[0])
`;

const ask = async (host: string, kind: string): Promise<string> =>
    (await operator(["python3", "-c", question, host, kind])).text.trim();
const metadataOf = async (name: string): Promise<string> =>
    (await on("gematria", "curl", "-sS", "--fail", `http://${CLOUD.metadata}/metadata/v1/${name}`)).stdout;
const reaches = (from: string, to: string): Promise<boolean> =>
    on(from, "ping", "-n", "-c1", "-W2", to).then(
        () => true,
        () => false,
    );

/** The address under which a datagram of gematria's own arrives at somebody on the internet. */
async function seenFrom(): Promise<string> {
    const receive = `import socket; line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); line.bind(("", ${port})); line.settimeout(30); print(line.recvfrom(10)[1][0])`;
    const seen = must(place("roamer", "python3", "-c", receive));
    const send = `for i in $(seq 60); do echo > /dev/udp/203.0.113.50/${port}; sleep 0.5; done`;
    const sending = run(["tools/node", "lab/main.ts", "exec", "gematria", "--", "timeout", "30", "bash", "-c", send]);
    const address = (await seen).stdout.trim();
    await sending;
    return address;
}

/** A public page as somebody on the internet gets it; prints the address that it came from. */
const page = (...more: string[]): Promise<Result> =>
    operator(["curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{remote_ip}", ...more, "https://ai.dev.example/"]);

/** All that the world sees of it. */
async function wholeFromOutside(): Promise<void> {
    expect([await ask(reserved, "udp"), await ask(reserved, "tcp")]).toEqual([`${reserved} 0 1`, `${reserved} 0 1`]);
    const { code, stdout } = await page();
    expect([code, stdout]).toEqual([0, reserved]);
}

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
});

test("a public name answers over HTTPS through the reserved address, and the nameserver over UDP and TCP", async () => {
    expect(await metadataOf("reserved_ip/ipv4/ip_address")).toBe(reserved);
    await wholeFromOutside();
});

test("what it begins leaves under the reserved address, and answers to its first address leave from that", async () => {
    expect(await seenFrom()).toBe(reserved);
    const own = await metadataOf("interfaces/public/0/ipv4/address");
    expect(own).not.toBe(reserved);
    expect((await page("--resolve", `ai.dev.example:443:${own}`)).stdout).toBe(own);
});

test("the mesh knows it by the reserved address alone, both ways, also after its power was cut", async () => {
    const pairs = [
        ["alice", "10.44.0.1"],
        ["cecilia", "10.44.0.1"],
        ["gematria", "10.44.0.11"],
        ["gematria", "10.44.0.12"],
    ] as const;
    const all = async (): Promise<boolean> =>
        (await Promise.all(pairs.map(([from, to]) => reaches(from, to)))).every(Boolean);
    expect(await all()).toBe(true);
    await lab("power", "cut", "gematria");
    await lab("power", "on", "gematria");
    await until("every pair to answer", 120, all);
    const endpoints = (await on("alice", "wg", "show", "wg0", "endpoints")).stdout;
    expect(endpoints).toContain(`\t${reserved}:51820\n`);
    await until("Caddy", 60, async () => (await operator(["curl", "-sS", "https://ai.dev.example/"])).code === 0);
    await wholeFromOutside();
    expect(await seenFrom()).toBe(reserved);
    const { stdout } = await must(["npm", "run", "-s", "up"]);
    expect(stdout).toMatch(/\b0 changed\b/);
});
