import { concerns, faultOf } from "../../lab/cloud/faults";
import { writes } from "../../lab/cloud/journal";
import { SMALL, droplet, emulator, settled } from "./support";
import type { Emulator } from "./support";

const set = ({ cloud }: Emulator, order: Record<string, unknown>): void => {
    cloud.faults.add(faultOf(order));
};
const count = async ({ call }: Emulator): Promise<unknown> => (await call("GET", "/droplets")).body["meta"];

test.each([
    ["*", true],
    ["POST /v2/droplets", true],
    ["* /v2/droplets", true],
    ["GET /v2/droplets", false],
    ["POST /v2/*", true],
    ["POST /v2/droplets/*", false],
])("a fault on %s concerns POST /v2/droplets: %s", (on, does) => {
    expect(concerns(on, "POST", "/v2/droplets")).toBe(does);
});

test.each([
    [{ kind: "flood" }, /no fault "flood". Faults: fail, /],
    [{ kind: "fail", on: "droplets" }, /method and a path/],
    [{ kind: "fail", status: 200 }, /status 400 to 599/],
    [{ kind: "delay", seconds: 4000 }, /seconds 0 to 600/],
    [{ kind: "fail", times: 0 }, /times is 1 to 1000/],
])("the fault %j is refused", (order, text) => {
    expect(() => faultOf(order)).toThrow(text);
});

test("500 after success: the droplet is there, its number was never told", async () => {
    const provider = emulator();
    set(provider, { kind: "fail-after", on: "POST /v2/droplets", status: 502 });
    const answer = await provider.call("POST", "/droplets", SMALL);
    expect([answer.status, answer.body["droplet"]]).toEqual([502, undefined]);
    expect(await count(provider)).toEqual({ total: 1 });
    expect(provider.journal.at(-2)).toMatchObject({ status: 502, fault: "fail-after" });
});

test("5xx before: nothing is there, and the second attempt works", async () => {
    const provider = emulator();
    set(provider, { kind: "fail", on: "POST /v2/droplets", status: 503 });
    expect((await provider.call("POST", "/droplets", SMALL)).status).toBe(503);
    expect(await count(provider)).toEqual({ total: 0 });
    expect((await provider.call("POST", "/droplets", SMALL)).status).toBe(202);
});

test("a fault may wait until some requests went well", async () => {
    const provider = emulator();
    set(provider, { kind: "fail", on: "GET /v2/droplets", after: 2, times: 2 });
    const answers: unknown[] = [];
    for (let asked = 0; asked < 5; asked++) answers.push((await provider.call("GET", "/droplets")).status);
    expect(answers).toEqual([200, 200, 500, 500, 200]);
});

test("429 with the time to wait, as often as told", async () => {
    const provider = emulator();
    set(provider, { kind: "limit", on: "GET /v2/tags", times: 2, seconds: 7 });
    const answers = [];
    for (let times = 0; times < 3; times++) answers.push(await provider.call("GET", "/tags"));
    expect(answers.map(({ status, headers }) => [status, headers["retry-after"]])).toEqual([
        [429, "7"],
        [429, "7"],
        [200, undefined],
    ]);
});

test("silence: it is done, nobody is told, and the connection closes", async () => {
    const provider = emulator();
    set(provider, { kind: "silence", on: "POST /v2/tags", seconds: 0 });
    expect(await provider.raw("POST", "/tags", { name: "fleet" })).toBeUndefined();
    expect((await provider.call("GET", "/tags/fleet")).status).toBe(200);
    expect(provider.journal[0]).toEqual(expect.not.objectContaining({ status: expect.anything() as number }));
});

test("a delay ends when the faults are cleared", async () => {
    const provider = emulator();
    set(provider, { kind: "delay", on: "GET /v2/tags", seconds: 600 });
    let answered = false;
    const slow = provider.call("GET", "/tags").then(({ status }) => {
        answered = true;
        return status;
    });
    await provider.call("GET", "/vpcs");
    expect(answered).toBe(false);
    provider.cloud.faults.clear();
    expect(await slow).toBe(200);
});

test("404 right after creating", async () => {
    const provider = emulator();
    set(provider, { kind: "fail", on: "GET /v2/droplets/*", status: 404, times: 2 });
    const made = await provider.call("POST", "/droplets", SMALL);
    const path = `/droplets/${String(made.body["droplet"]!["id"])}`;
    const seen = [];
    for (let times = 0; times < 3; times++) seen.push((await provider.call("GET", path)).status);
    expect(seen).toEqual([404, 404, 200]);
});

test("a droplet stuck in `new` is let go when the faults are cleared", async () => {
    const provider = emulator();
    set(provider, { kind: "stuck" });
    const { body } = await provider.call("POST", "/droplets", SMALL);
    const id = Number(body["droplet"]!["id"]);
    await new Promise((later) => setTimeout(later, 20));
    expect((await provider.call("GET", `/droplets/${id}`)).body["droplet"]).toMatchObject({
        status: "new",
        locked: true,
    });
    expect((await provider.call("DELETE", `/droplets/${id}`)).status).toBe(422);
    provider.cloud.faults.clear();
    expect(await settled(provider, id)).toMatchObject({ status: "active" });
});

test("a reserved address that cannot be assigned: its action ends with an error, and it leads nowhere", async () => {
    const provider = emulator();
    const complaint = jest.spyOn(console, "error").mockImplementation(() => undefined);
    const id = await droplet(provider);
    await provider.call("POST", "/reserved_ips", { region: "nyc3" });
    set(provider, { kind: "unassignable" });
    await provider.call("POST", "/reserved_ips/203.0.113.10/actions", { type: "assign", droplet_id: id });
    await settled(provider, id);
    const { actions } = (await provider.call("GET", "/reserved_ips/203.0.113.10/actions")).body;
    expect(actions).toMatchObject([{ status: "errored" }]);
    expect((await provider.call("GET", "/reserved_ips/203.0.113.10")).body["reserved_ip"]!["droplet"]).toBeNull();
    complaint.mockRestore();
});

test("the journal has every call with what was sent, and no user data", async () => {
    const provider = emulator();
    await provider.call("POST", "/tags", { name: "fleet" });
    await provider.call("POST", "/droplets", { ...SMALL, user_data: "#cloud-config\nCANARY" });
    await provider.call("GET", "/tags");
    expect(provider.journal.map(({ method, path }) => `${method} ${path}`)).toEqual([
        "POST /v2/tags",
        "POST /v2/droplets",
        "GET /v2/tags",
    ]);
    expect(writes(provider.journal)).toHaveLength(2);
    expect(provider.journal[1]?.sent).toMatchObject({ name: "edge-1", user_data: "20 bytes" });
    expect(JSON.stringify(provider.journal)).not.toContain("CANARY");
});
