import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloudJournal } from "../../lab/cloud/control";
import { api } from "./program/cloud";
import { lab, must, on, operator, root, until, type Result } from "./support";

const folder = mkdtempSync(join(tmpdir(), "lab-droplet-"));
const hostKey = join(folder, "host");
const name = "probe";

/** A login that trusts nothing but the key that was put into the user data. */
function ssh(address: string, command: string): Promise<Result> {
    const pins = join(folder, "known_hosts");
    const [type, key] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
    writeFileSync(pins, `${address} ${type!} ${key!}\n`);
    const strict = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${pins}`, "BatchMode=yes", "ConnectTimeout=3"];
    return operator(["ssh", ...strict.flatMap((option) => ["-o", option]), `root@${address}`, command]);
}

function userData(): string {
    const keys = {
        ed25519_private: readFileSync(hostKey, "utf8"),
        ed25519_public: readFileSync(`${hostKey}.pub`, "utf8"),
    };
    return `#cloud-config\n${JSON.stringify({ ssh_deletekeys: true, ssh_keys: keys, ssh_pwauth: false })}\n`;
}

interface Droplet {
    readonly id: number;
    readonly status: string;
    readonly locked: boolean;
    readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

const made: Record<string, Droplet> = {};
const addressOf = (which: string, type: string): string =>
    made[which]!.networks.v4.find((network) => network.type === type)!.ip_address;
const state = async (which: string): Promise<string> => {
    const { droplet } = await api<{ droplet: Droplet }>("GET", `/droplets/${made[which]!.id}`);
    return droplet.locked ? `${droplet.status}, locked` : droplet.status;
};

const anywhere = { addresses: ["0.0.0.0/0"] };
const rules = (...ports: string[]): object => ({
    name,
    tags: [name],
    inbound_rules: ports.map((port) => ({ protocol: "tcp", ports: port, sources: anywhere })),
    outbound_rules: ["tcp", "udp", "icmp"].map((protocol) => ({ protocol, ports: "all", destinations: anywhere })),
});
let firewall = "";
let calls = 0;

beforeAll(async () => {
    await lab("up");
    calls = cloudJournal().length;
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", hostKey]);
    const publicKey = readFileSync(join(root, ".lab/operator/id_ed25519.pub"), "utf8");
    const { ssh_keys: known } = await api<{ ssh_keys: { id: number; public_key: string }[] }>("GET", "/account/keys");
    // The fleet's own registration of it may have another comment.
    const words = (line: string): string => line.split(" ").slice(0, 2).join(" ").trim();
    const mine = known.find((one) => words(one.public_key) === words(publicKey));
    const key = mine ?? (await api<{ ssh_key: { id: number } }>("POST", "/account/keys", { name, public_key: publicKey })).ssh_key; // prettier-ignore
    await api("POST", "/tags", { name });
    firewall = (await api<{ firewall: { id: string } }>("POST", "/firewalls", rules("22"))).firewall.id;
    const order = { region: "ams3", size: "s-1vcpu-1gb", image: "debian-13-x64", ssh_keys: [key.id] };
    // The other one has a host key of its own making, and stands for somebody between the operator and the droplet.
    for (const more of [{ name, tags: [name], user_data: userData() }, { name: "other" }])
        made[more.name] = (await api<{ droplet: Droplet }>("POST", "/droplets", { ...order, ...more })).droplet;
});

afterAll(() => {
    rmSync(folder, { recursive: true });
});

test("a man in the middle at first boot is refused", async () => {
    expect(await state(name)).toMatch(/^new, locked$|^active/);
    const [mine, others] = [addressOf(name, "public"), addressOf("other", "public")];
    const chain = "add chain ip man middle { type nat hook prerouting priority dstnat; }";
    const rule = `add rule ip man middle ip daddr ${mine} tcp dport 22 dnat to ${others}`;
    await on("internet", "nft", `add table ip man; ${chain}; ${rule}`);
    let refused = await ssh(mine, "true");
    await until("the other one's sshd", 90, async () => {
        refused = await ssh(mine, "true");
        return !/refused|timed out|reset/.test(refused.text);
    });
    await on("internet", "nft", "delete table ip man");
    expect([refused.code, refused.text]).toEqual([255, expect.stringContaining("Host key verification failed")]);
});

test("the first connection is accepted with strict checking, against the key of the user data, and cloud-init is done", async () => {
    await until("sshd", 60, async () => (await ssh(addressOf(name, "public"), "true")).code === 0);
    const told = await ssh(addressOf(name, "public"), "cloud-init status --wait; hostname; ls /etc/ssh/*_key");
    expect(told.stdout.split("\n").filter(Boolean)).toEqual(["status: done", name, "/etc/ssh/ssh_host_ed25519_key"]);
    expect(await state(name)).toBe("active");
    const own = await ssh(addressOf(name, "public"), "curl -sS http://169.254.169.254/metadata/v1/hostname");
    expect(own.stdout).toBe(name);
});

test("a reserved address leads to the droplet's anchor; what the droplet begins comes from its own address", async () => {
    const { reserved_ip: reserved } = await api<{ reserved_ip: { ip: string } }>("POST", "/reserved_ips", {
        region: "ams3",
    });
    await api("POST", `/reserved_ips/${reserved.ip}/actions`, { type: "assign", droplet_id: made[name]!.id });
    await until("the assignment", 20, async () => (await state(name)) === "active");
    const seen = await ssh(
        reserved.ip,
        "echo $SSH_CONNECTION; curl -sS -o /dev/null -w %{local_ip} https://github.com/",
    );
    expect(seen.stdout).toMatch(
        new RegExp(`^203\\.0\\.113\\.20 \\d+ 10\\.19\\.0\\.\\d+ 22\\n${addressOf(name, "public")}$`),
    );
    await api("DELETE", `/reserved_ips/${reserved.ip}`);
    expect((await ssh(reserved.ip, "true")).code).toBe(255);
});

test("the firewall is outside of the machine, and changes at once; the private network is one among its members", async () => {
    const serve = ["systemd-run", "-q", "--unit=web", "python3", "-m", "http.server", "8000", "--directory=/srv"];
    await on(name, ...serve);
    await until("the web server", 20, async () => (await on(name, "ss", "-Hltn", "sport = 8000")).stdout !== "");
    const get = (from: (...argv: string[]) => Promise<Result>, address: string): Promise<Result> =>
        from("curl", "-sS", "-o", "/dev/null", "--max-time", "3", "-w", "%{http_code}", `http://${address}:8000/`);
    const outside = (...argv: string[]): Promise<Result> => operator(argv);
    expect((await get(outside, addressOf(name, "public"))).stdout).toBe("000");
    await api("PUT", `/firewalls/${firewall}`, rules("22", "8000"));
    expect((await get(outside, addressOf(name, "public"))).stdout).toBe("200");
    const inside = (...argv: string[]): Promise<Result> => on("other", ...argv);
    expect((await get(inside, addressOf(name, "private"))).stdout).toBe("200");
});

test("deleting takes the machine and its disk; every answer fitted the description, and the journal has no user data", async () => {
    for (const which of [name, "other"]) await api("DELETE", `/droplets/${made[which]!.id}`);
    const names = async (): Promise<string> => (await lab("list", "--json")).stdout;
    await until("the end of both", 30, async () => !/"(probe|other)"/.test(await names()));
    expect(existsSync(join(root, ".lab/machines", name))).toBe(false);
    await api("DELETE", `/firewalls/${firewall}`);
    await api("DELETE", `/tags/${name}`);
    const journal = cloudJournal().slice(calls);
    expect(journal.filter(({ mismatch }) => mismatch !== undefined)).toEqual([]);
    expect(JSON.stringify(journal)).not.toContain("PRIVATE KEY");
});
