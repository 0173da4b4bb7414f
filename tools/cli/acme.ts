import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { z } from "zod";

/** Milliseconds that a CA may take for one answer. */
const patience = 20_000;
/** A request whose nonce was too old is sent again with the one that the refusal brought (RFC 8555 §6.5). */
const tries = 3;
/** The key of the certificate is in somebody's hands (RFC 5280 §5.3.1). */
const keyCompromise = 1;

const directorySchema = z.object({ newNonce: z.url(), newAccount: z.url(), revokeCert: z.url() });
const problemSchema = z.object({ type: z.string().default(""), detail: z.string().default("") });

/**
 * An account at an ACME CA (RFC 8555), in whose name certificates are revoked. Three requests, and Node signs them: the client
 * libraries would bring a dozen packages to all who install this.
 */
export class AcmeAccount {
    private nonce = "";
    private url: string | undefined;

    private constructor(
        private readonly directory: z.infer<typeof directorySchema>,
        private readonly key: KeyObject,
    ) {}

    /**
     * The account that a CA has for a key.
     * @param pem private key, ECDSA on P-256
     * @throws Error when the CA does not answer, or has no account for it
     */
    static async find(directory: string, pem: string): Promise<AcmeAccount> {
        const response = await ask(directory);
        const account = new AcmeAccount(directorySchema.parse(await response.json()), createPrivateKey(pem));
        const found = await account.post(account.directory.newAccount, { onlyReturnExisting: true });
        account.url = found.headers.get("location") ?? undefined;
        return account;
    }

    /** Revokes a certificate that the account was given. One that is revoked already is fine. @param der of the certificate */
    async revoke(der: Buffer): Promise<void> {
        const payload = { certificate: der.toString("base64url"), reason: keyCompromise };
        await this.post(this.directory.revokeCert, payload, ["alreadyRevoked"]);
    }

    /** Has the CA close the account (RFC 8555 §7.3.6): whoever has its key gets nothing in its name any more. */
    async close(): Promise<void> {
        if (this.url !== undefined) await this.post(this.url, { status: "deactivated" });
    }

    private async post(url: string, payload: object, allowed: readonly string[] = []): Promise<Response> {
        for (let left = tries; ; left--) {
            if (this.nonce === "") await this.freshNonce();
            const response = await fetch(url, {
                method: "POST",
                headers: { "Content-Type": "application/jose+json" },
                body: JSON.stringify(this.signed(url, payload)),
                signal: AbortSignal.timeout(patience),
            });
            this.nonce = response.headers.get("replay-nonce") ?? "";
            if (response.ok) return response;
            const { type, detail } = problemSchema.parse(await response.json().catch(() => ({})));
            const kind = type.replace("urn:ietf:params:acme:error:", "");
            if (allowed.includes(kind)) return response;
            if (kind !== "badNonce" || left === 1) throw new Error(`${kind || response.status}: ${detail}`);
        }
    }

    private async freshNonce(): Promise<void> {
        this.nonce = (await ask(this.directory.newNonce, "HEAD")).headers.get("replay-nonce") ?? "";
    }

    /** A JSON Web Signature (RFC 7515) in the flattened form, ES256. */
    private signed(url: string, payload: object): object {
        const { kty, crv, x, y } = createPublicKey(this.key).export({ format: "jwk" });
        const who = this.url === undefined ? { jwk: { kty, crv, x, y } } : { kid: this.url };
        const head = base64(JSON.stringify({ alg: "ES256", nonce: this.nonce, url, ...who }));
        const body = base64(JSON.stringify(payload));
        const signature = sign("sha256", Buffer.from(`${head}.${body}`), { key: this.key, dsaEncoding: "ieee-p1363" });
        return { protected: head, payload: body, signature: signature.toString("base64url") };
    }
}

async function ask(url: string, method = "GET"): Promise<Response> {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(patience) });
    if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}`);
    return response;
}

function base64(text: string): string {
    return Buffer.from(text).toString("base64url");
}
