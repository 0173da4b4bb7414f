import { createPublicKey, generateKeyPairSync, verify, type JsonWebKey } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AcmeAccount } from "../../tools/cli/acme";

const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" });

interface Signed {
    readonly protected: string;
    readonly payload: string;
    readonly signature: string;
}

/** A CA that checks signatures and nonces as RFC 8555 has it, and says what was asked of it. */
class Ca {
    readonly asked: unknown[] = [];
    /** What it answers instead, one by one. */
    readonly refusals: string[] = [];
    private nonces = 0;
    private key: JsonWebKey | undefined;
    private readonly server: Server = createServer((request, response) => {
        void this.answer(request).then(([code, body, headers]) => {
            response.writeHead(code, { ...headers, "Replay-Nonce": `nonce-${++this.nonces}` });
            response.end(JSON.stringify(body));
        });
    });

    async start(): Promise<this> {
        await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
        return this;
    }

    stop(): void {
        this.server.close();
        this.server.closeAllConnections();
    }

    get url(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    private async answer(request: IncomingMessage): Promise<[number, unknown, Record<string, string>]> {
        const at = (path: string): string => `${this.url}${path}`;
        if (request.url === "/directory")
            return [200, { newNonce: at("/nonce"), newAccount: at("/account"), revokeCert: at("/revoke") }, {}];
        if (request.method === "HEAD") return [200, {}, {}];
        const chunks = (await request.toArray()) as Buffer[];
        const signed = JSON.parse(Buffer.concat(chunks).toString()) as Signed;
        const head = open(signed.protected);
        this.key ??= head["jwk"] as JsonWebKey;
        const right = verify(
            "sha256",
            Buffer.from(`${signed.protected}.${signed.payload}`),
            { key: createPublicKey({ key: this.key, format: "jwk" }), dsaEncoding: "ieee-p1363" },
            Buffer.from(signed.signature, "base64url"),
        );
        const expected = { alg: "ES256", nonce: `nonce-${this.nonces}`, url: at(request.url ?? "") };
        this.asked.push([request.url, open(signed.payload), head["kid"] ?? "jwk"]);
        expect([right, head]).toEqual([true, expect.objectContaining(expected)]);
        const refusal = this.refusals.shift();
        if (refusal !== undefined)
            return [400, { type: `urn:ietf:params:acme:error:${refusal}`, detail: "so it is" }, {}];
        return [200, {}, { Location: at("/account/7") }];
    }
}

const open = (text: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;

let ca: Ca;
beforeEach(async () => {
    ca = await new Ca().start();
});
afterEach(() => {
    ca.stop();
});
const find = (): Promise<AcmeAccount> => AcmeAccount.find(`${ca.url}/directory`, pem as string);

test("a certificate is revoked in the account's name, and the account is closed", async () => {
    const account = await find();
    await account.revoke(Buffer.from([0xfb, 0xff]));
    await account.close();
    expect(ca.asked).toEqual([
        ["/account", { onlyReturnExisting: true }, "jwk"],
        ["/revoke", { certificate: "-_8", reason: 1 }, `${ca.url}/account/7`],
        ["/account/7", { status: "deactivated" }, `${ca.url}/account/7`],
    ]);
});

test("one that is revoked already is fine, and a nonce that is too old is taken anew", async () => {
    const account = await find();
    ca.refusals.push("badNonce", "alreadyRevoked");
    await account.revoke(Buffer.from("x"));
    expect(ca.asked.length).toBe(3);
});

test.each([
    [["accountDoesNotExist"], "accountDoesNotExist: so it is"],
    [["badNonce", "badNonce", "badNonce"], "badNonce: so it is"],
])("a CA that says %s is an error", async (refusals, message) => {
    ca.refusals.push(...refusals);
    await expect(find()).rejects.toThrow(message);
});
