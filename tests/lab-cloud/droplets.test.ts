import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resume } from "../../lab/cloud/operations";
import { PUBLIC_KEY, SMALL, droplet, emulator, settled } from "./support";
import type { Emulator } from "./support";

const message = async ({ call }: Emulator, method: string, path: string, body?: object): Promise<string | undefined> =>
    (await call(method, path, body)).body.message;

test("a droplet is new and locked first, and active when its machine runs", async () => {
    const provider = emulator();
    const made = await provider.call("POST", "/droplets", {
        ...SMALL,
        user_data: "#cloud-config\n{}\n",
        monitoring: true,
    });
    expect(made.status).toBe(202);
    expect(made.body["droplet"]).toMatchObject({ status: "new", locked: true, name: "edge-1" });
    const { actions } = made.body["links"] as unknown as { actions: { id: number; rel: string }[] };
    const id = Number(made.body["droplet"]!["id"]);
    expect(await settled(provider, id)).toMatchObject({
        status: "active",
        features: ["monitoring", "private_networking", "droplet_agent"],
        networks: {
            v4: [
                { ip_address: "203.0.113.100", type: "public" },
                { ip_address: "10.108.0.2", type: "private" },
            ],
        },
    });
    const { body } = await provider.call("GET", `/actions/${actions[0]!.id}`);
    expect(body["action"]).toMatchObject({
        status: "completed",
        type: "create",
        resource_id: id,
        completed_at: expect.stringMatching(/Z$/) as string,
    });
    expect(provider.machines.seeds.get("edge-1")?.userData).toBe("#cloud-config\n{}\n");
});

test.each([
    [{ image: "debian-3-x64" }, "You specified an invalid image for Droplet creation."],
    [{ size: "huge" }, "You specified an invalid size for Droplet creation."],
    [{ region: "mars1" }, "You specified an invalid region for Droplet creation."],
    [{ ssh_keys: ["aa:bb"] }, "aa:bb are invalid key identifiers for Droplet creation."],
    [{ user_data: "x".repeat(65_537) }, "user_data is limited to 65536 bytes"],
    [{ vpc_uuid: "00000000-0000-4000-8000-000000000000" }, "VPC is not in the same region as the Droplet."],
    [{ volumes: [{ id: "a" }] }, "The lab has no volumes."],
    [{ name: "under_score" }, expect.stringContaining("does not fit the API's description")],
    [{ tags: ["not a tag"] }, "Tag name is invalid"],
])("a droplet with %j is refused before anything is made", async (wrong, text) => {
    const provider = emulator();
    expect(await provider.call("POST", "/droplets", { ...SMALL, ...wrong })).toMatchObject({
        status: 422,
        body: { message: text as string },
    });
    expect([provider.cloud.account.droplets, provider.machines.seeds.size]).toEqual([[], 0]);
});

test("a droplet is given the account's keys by number or fingerprint", async () => {
    const provider = emulator();
    const { body } = await provider.call("POST", "/account/keys", { name: "op", public_key: PUBLIC_KEY });
    await droplet(provider, { ssh_keys: [body["ssh_key"]!["id"]] });
    expect(provider.machines.seeds.get("edge-1")?.keys).toEqual([PUBLIC_KEY]);
});

test("more droplets than the account may have are refused", async () => {
    const provider = emulator();
    for (let number = 0; number < 10; number++) await droplet(provider, { name: `n-${number}` });
    expect(await message(provider, "POST", "/droplets", SMALL)).toBe(
        "creating this/these droplet(s) will exceed your droplet limit",
    );
});

test("machines are named like their droplets where that is free and short enough; addresses are the lowest", async () => {
    const provider = emulator();
    const names = ["web", "web", "alice", "a-name-of-sixteen", "b.example.org"];
    const ids: number[] = [];
    for (const name of names) ids.push(await droplet(provider, { name }));
    const { droplets } = provider.cloud.account;
    expect(droplets.map(({ machine }) => machine)).toEqual(["web", `d${ids[1]!}`, `d${ids[2]!}`, `d${ids[3]!}`, "b"]);
    expect(droplets.map(({ address }) => address.split(".").at(-1))).toEqual(["100", "101", "102", "103", "104"]);
    expect(new Set(droplets.flatMap(({ anchor, privateAddress }) => [anchor, privateAddress])).size).toBe(10);
});

test("a droplet does one thing at a time", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    expect((await provider.call("POST", `/droplets/${id}/actions`, { type: "power_cycle" })).status).toBe(201);
    expect(await message(provider, "POST", `/droplets/${id}/actions`, { type: "reboot" })).toBe(
        "Droplet already has a pending event.",
    );
    expect(await message(provider, "DELETE", `/droplets/${id}`)).toBe("Droplet already has a pending event.");
});

test("power, name and size change in place; a resize wants the power off and never a smaller disk", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    const act = async (order: object): Promise<Record<string, unknown>> => {
        await provider.call("POST", `/droplets/${id}/actions`, order);
        return settled(provider, id);
    };
    expect(await act({ type: "rename", name: "edge-2" })).toMatchObject({ name: "edge-2" });
    const resize = { type: "resize", size: "s-2vcpu-4gb", disk: false };
    expect(await message(provider, "POST", `/droplets/${id}/actions`, resize)).toMatch(/currently on/);
    expect(await act({ type: "power_off" })).toMatchObject({ status: "off" });
    expect(await act(resize)).toMatchObject({ size_slug: "s-2vcpu-4gb", memory: 4096, disk: 25 });
    const smaller = { type: "resize", size: "s-1vcpu-512mb-10gb", disk: true };
    expect(await message(provider, "POST", `/droplets/${id}/actions`, smaller)).toMatch(/smaller disk/);
    expect(await act({ type: "power_on" })).toMatchObject({ status: "active" });
    expect(await message(provider, "POST", `/droplets/${id}/actions`, { type: "snapshot", name: "s" })).toMatch(
        /cannot do the action "snapshot"/,
    );
});

test("a droplet that is deleted is gone with its machine, its tags' count and its reserved address's place", async () => {
    const provider = emulator();
    const id = await droplet(provider, { tags: ["fleet"] });
    await provider.call("POST", "/reserved_ips", { region: "nyc3" });
    await provider.call("POST", "/reserved_ips/203.0.113.10/actions", { type: "assign", droplet_id: id });
    await settled(provider, id);
    expect((await provider.call("DELETE", `/droplets/${id}`)).status).toBe(204);
    await settled(provider, id);
    expect((await provider.call("GET", `/droplets/${id}`)).status).toBe(404);
    expect((await provider.call("GET", "/reserved_ips/203.0.113.10")).body["reserved_ip"]!["droplet"]).toBeNull();
    expect(provider.cloud.account.reservedIps).toEqual([{ ip: "203.0.113.10", region: "nyc3" }]);
    expect((await provider.call("GET", "/tags/fleet")).body["tag"]!["resources"]).toMatchObject({ count: 0 });
    expect(provider.machines.seeds.size).toBe(0);
});

test("droplets are listed by tag; a tag is given and taken", async () => {
    const provider = emulator();
    const id = await droplet(provider, { tags: ["fleet"] });
    await droplet(provider, { name: "other" });
    const listed = async (tag: string): Promise<unknown[]> =>
        (await provider.call("GET", `/droplets?tag_name=${tag}`)).body["droplets"]!.map((one) => one["id"]);
    expect(await listed("fleet")).toEqual([id]);
    const resources = [{ resource_id: String(id), resource_type: "droplet" }];
    await provider.call("POST", "/tags", { name: "edge" });
    expect((await provider.call("POST", "/tags/edge/resources", { resources })).status).toBe(204);
    expect((await provider.call("DELETE", "/tags/fleet/resources", { resources })).status).toBe(204);
    expect([await listed("fleet"), await listed("edge")]).toEqual([[], [id]]);
    await provider.call("DELETE", "/tags/edge");
    expect(await listed("edge")).toEqual([]);
});

test("reserved addresses: nyc3's first is the same everywhere, three at most, one a droplet, in its own region", async () => {
    const provider = emulator();
    const ids = [await droplet(provider), await droplet(provider, { name: "far", region: "ams3" })];
    const made: unknown[] = [];
    for (const region of ["nyc3", "nyc3", "ams3"])
        made.push((await provider.call("POST", "/reserved_ips", { region })).body["reserved_ip"]!["ip"]);
    // .11 is another machine's.
    expect(made).toEqual(["203.0.113.10", "203.0.113.12", "203.0.113.15"]);
    expect(await message(provider, "POST", "/reserved_ips", { region: "nyc3" })).toMatch(/limit/);
    const act = (ip: string, order: object): Promise<string | undefined> =>
        message(provider, "POST", `/reserved_ips/${ip}/actions`, order);
    expect(await act("203.0.113.10", { type: "unassign" })).toMatch(/not assigned/);
    expect(await act("203.0.113.10", { type: "assign", droplet_id: ids[1] })).toMatch(/another region/);
    expect(await act("203.0.113.10", { type: "assign", droplet_id: 7 })).toMatch(/does not exist/);
    expect(await act("203.0.113.10", { type: "assign", droplet_id: ids[0] })).toBeUndefined();
    await settled(provider, ids[0]!);
    expect(await act("203.0.113.12", { type: "assign", droplet_id: ids[0] })).toMatch(/already has/);
    const { body } = await provider.call("GET", "/reserved_ips/203.0.113.10");
    expect(body["reserved_ip"]).toMatchObject({ droplet: { id: ids[0], region: { slug: "nyc3" } } });
    const listed = (await provider.call("GET", "/reserved_ips/203.0.113.10/actions")).body["actions"]!;
    expect(listed).toMatchObject([{ type: "assign_ip", status: "completed", resource_type: "reserved_ip" }]);
    expect((await provider.call("DELETE", "/reserved_ips/203.0.113.10")).status).toBe(204);
});

test("what a restart interrupted goes on", async () => {
    const record = join(mkdtempSync(join(tmpdir(), "lab-cloud-")), "account.json");
    const before = emulator(undefined, record);
    before.cloud.faults.add({ kind: "stuck", on: "*", after: 0, times: 1, status: 500, seconds: 60 });
    const made = await before.call("POST", "/droplets", SMALL);
    const after = emulator(undefined, record);
    resume(after.cloud);
    expect(await settled(after, Number(made.body["droplet"]!["id"]))).toMatchObject({ status: "active" });
    before.cloud.faults.clear();
});
