import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROUTES, match } from "../../lab/cloud/api";
import { Description } from "../../lab/cloud/description";
import { Rate } from "../../lab/cloud/rate";
import { FINGERPRINT, PUBLIC_KEY, SMALL, droplet, emulator } from "./support";

test("every route is one of the official description", () => {
    const described = new Description().operations();
    expect(Object.keys(ROUTES).filter((operation) => !described.includes(operation))).toEqual([]);
    expect(Object.keys(ROUTES).length).toBeGreaterThan(40);
});

test("a path that is spelt out is closer than one with a name in it", () => {
    expect(match("GET", "/v2/projects/default")?.operation).toBe("GET /v2/projects/default");
    expect(match("GET", "/v2/projects/abc")).toMatchObject({ params: { project_id: "abc" } });
});

test("who has no token is told so, as is who asks for what is not emulated", async () => {
    const { call, raw, journal } = emulator();
    expect(await raw("GET", "/tags", undefined, "wrong")).toMatchObject({
        status: 401,
        body: { message: "Unable to authenticate you" },
    });
    expect(await call("GET", "/load_balancers")).toMatchObject({
        status: 501,
        body: { message: "The emulator does not know GET /v2/load_balancers." },
    });
    expect(await call("GET", "/tags?colour=red")).toMatchObject({
        status: 400,
        body: { message: "GET /v2/tags has no parameter colour." },
    });
    expect(journal.map(({ path, status }) => [path, status])).toEqual([
        ["/v2/tags", 401],
        ["/v2/load_balancers", 501],
        ["/v2/tags?colour=red", 400],
    ]);
    expect(journal[1]?.message).toContain("/v2/load_balancers");
});

test.each([
    ["GET", "/tags/none"],
    ["GET", "/account/keys/1"],
    ["GET", "/vpcs/00000000-0000-4000-8000-000000000000"],
    ["GET", "/firewalls/00000000-0000-4000-8000-000000000000"],
    ["GET", "/droplets/1"],
    ["DELETE", "/droplets/1"],
    ["GET", "/droplets/1/actions"],
    ["GET", "/actions/1"],
    ["GET", "/reserved_ips/203.0.113.10"],
    ["DELETE", "/reserved_ips/203.0.113.10"],
    ["GET", "/projects/00000000-0000-4000-8000-000000000000"],
])("%s %s of what is not there is a 404", async (method, path) => {
    const { status, body } = await emulator().call(method, path);
    expect([status, body.id, body.message]).toEqual([
        404,
        "not_found",
        "The resource you were accessing could not be found.",
    ]);
});

test("a key has its real fingerprint, is found by it, and is taken once", async () => {
    const { call } = emulator();
    const { status, body } = await call("POST", "/account/keys", { name: "op", public_key: PUBLIC_KEY });
    expect([status, body["ssh_key"]!["fingerprint"]]).toEqual([201, FINGERPRINT]);
    expect((await call("GET", `/account/keys/${FINGERPRINT}`)).body).toEqual(body);
    expect((await call("POST", "/account/keys", { name: "again", public_key: PUBLIC_KEY })).body.message).toBe(
        "SSH Key is already in use on your account",
    );
    expect((await call("POST", "/account/keys", { name: "bad", public_key: "ssh-ed25519 AAAA" })).body.message).toMatch(
        /^Fingerprint could not be generated/,
    );
    const renamed = await call("PUT", `/account/keys/${String(body["ssh_key"]!["id"])}`, { name: "new" });
    expect(renamed.body["ssh_key"]!["name"]).toBe("new");
    expect([
        (await call("DELETE", `/account/keys/${FINGERPRINT}`)).status,
        (await call("DELETE", `/account/keys/${FINGERPRINT}`)).status,
    ]).toEqual([204, 404]);
});

test("a list comes in pages of two, with addresses of the others", async () => {
    const { call } = emulator();
    for (const name of ["a", "b", "c"]) await call("POST", "/tags", { name });
    const first = (await call("GET", "/tags?per_page=200")).body;
    expect(first["tags"]).toHaveLength(2);
    const { next } = (first["links"] as { pages?: { next?: string } }).pages ?? {};
    expect(next).toBe("https://api.digitalocean.com/v2/tags?per_page=2&page=2");
    const second = (await call("GET", next!.replace(/^.*\/v2/, ""))).body;
    expect([second["tags"]!.map((tag) => tag["name"]), second["meta"]]).toEqual([["c"], { total: 3 }]);
    expect(second["links"]).toMatchObject({ pages: { prev: expect.stringContaining("page=1") as string } });
});

test("a network has a range of its own, and is kept while a droplet is in it", async () => {
    const provider = emulator();
    const { call } = provider;
    const order = { name: "fleet", region: "nyc3", ip_range: "10.120.0.0/24" };
    const made = await call("POST", "/vpcs", order);
    expect([made.status, made.body["vpc"]!["ip_range"]]).toEqual([201, "10.120.0.0/24"]);
    const refusals = [
        { ...order, name: "b" },
        { ...order, ip_range: "10.1.0.0/24" },
        { ...order, name: "c", ip_range: "10.2.0.0/8" },
        { ...order, name: "d", region: "mars1" },
    ];
    const texts = await Promise.all(
        refusals.map(async (refused) => (await call("POST", "/vpcs", refused)).body.message),
    );
    expect(texts).toEqual([
        expect.stringContaining("overlaps"),
        expect.stringContaining("same name"),
        expect.stringContaining("between /16 and /28"),
        "Region is not available",
    ]);
    const id = String(made.body["vpc"]!["id"]);
    const member = await droplet(provider, { vpc_uuid: id });
    expect(await call("DELETE", `/vpcs/${id}`)).toMatchObject({
        status: 409,
        body: { message: "Can not delete VPC with members" },
    });
    await call("DELETE", `/droplets/${member}`);
    await new Promise((later) => setTimeout(later, 20));
    expect((await call("DELETE", `/vpcs/${id}`)).status).toBe(204);
});

test("a droplet without a network gets its region's, which stays", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    const { body } = await provider.call("GET", `/droplets/${id}`);
    const vpc = String(body["droplet"]!["vpc_uuid"]);
    expect((await provider.call("GET", `/vpcs/${vpc}`)).body["vpc"]).toMatchObject({
        default: true,
        ip_range: "10.108.0.0/20",
    });
    expect(await provider.call("DELETE", `/vpcs/${vpc}`)).toMatchObject({ status: 403 });
});

test("a project holds what was moved into it, and is not deleted while it does", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    const { call } = provider;
    const made = await call("POST", "/projects", {
        name: "fleet",
        purpose: "Service or API",
        environment: "Production",
    });
    expect(made.status).toBe(201);
    const project = String(made.body["project"]!["id"]);
    const urn = `do:droplet:${id}`;
    expect(
        (await call("POST", `/projects/${project}/resources`, { resources: [urn] })).body["resources"],
    ).toMatchObject([{ urn, status: "assigned" }]);
    expect((await call("GET", `/projects/${project}/resources?page=1&per_page=200`)).body["meta"]).toEqual({
        total: 1,
    });
    expect(
        (await call("GET", "/projects/default/resources")).body["resources"]!.map((one) => one["urn"]),
    ).not.toContain(urn);
    expect(await call("DELETE", `/projects/${project}`)).toMatchObject({
        status: 412,
        body: { message: "cannot delete a project with resources" },
    });
    expect((await call("PATCH", `/projects/${project}`, { name: "other" })).body["project"]).toMatchObject({
        name: "other",
        environment: "Production",
    });
    await call("POST", "/projects/default/resources", { resources: [urn] });
    expect((await call("DELETE", `/projects/${project}`)).status).toBe(204);
});

test("a project has a reserved address by its old name, whatever it was called", async () => {
    const { call } = emulator();
    await call("POST", "/reserved_ips", { region: "nyc3" });
    const moved = await call("POST", "/projects/default/resources", { resources: ["do:floatingip:203.0.113.10"] });
    expect(moved.body["resources"]).toMatchObject([{ urn: "do:floatingip:203.0.113.10" }]);
});

test("the account survives a restart, without a readable trace for others", async () => {
    const record = join(mkdtempSync(join(tmpdir(), "lab-cloud-")), "account.json");
    const before = emulator(undefined, record);
    await before.call("POST", "/tags", { name: "fleet" });
    const id = await droplet(before, { tags: ["fleet"] });
    const after = emulator(undefined, record);
    expect((await after.call("GET", "/droplets?tag_name=fleet")).body["droplets"]).toMatchObject([
        { id, name: SMALL.name },
    ]);
    expect(readFileSync(record, "utf8")).toContain(SMALL.name);
});

test("requests are counted, and too many in a minute are refused with the time to wait", async () => {
    const { call } = emulator(new Rate(5000, 2));
    const first = await call("GET", "/tags");
    expect(first.headers).toMatchObject({ "ratelimit-limit": "5000", "ratelimit-remaining": "4999" });
    await call("GET", "/tags");
    const third = await call("GET", "/tags");
    expect([third.status, third.body.id]).toEqual([429, "too_many_requests"]);
    expect(Number(third.headers["retry-after"])).toBeGreaterThan(0);
});

test("the hour's limit is told apart from the minute's", () => {
    const rate = new Rate(2, 10);
    const times = [0, 60_000, 120_000, 3_600_001].map((at) => rate.count(at).wait);
    expect(times).toEqual([undefined, undefined, 3480, undefined]);
});
