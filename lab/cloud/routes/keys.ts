import { createHash } from "node:crypto";
import { found } from "../cloud";
import type { Cloud } from "../cloud";
import { unprocessable } from "../errors";
import { page } from "../paging";
import { NOTHING, ok, param, text } from "../route";
import type { Call, Routes } from "../route";
import type { Key } from "../types";
import { keyView } from "../views";

/** MD5 fingerprint of a public key (RFC 4716, section 4); undefined for what is no key. */
export function fingerprintOf(publicKey: string): string | undefined {
    const [type = "", blob = ""] = publicKey.trim().split(/\s+/);
    const bytes = Buffer.from(blob, "base64");
    // The blob begins with the length and the name of its own type (RFC 4253, section 6.6).
    if (bytes.length < 4 || bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString() !== type || type === "")
        return undefined;
    return createHash("md5")
        .update(bytes)
        .digest("hex")
        .replace(/..(?!$)/g, "$&:");
}

/** A key of the account by its number or its fingerprint. */
export function keyNamed(cloud: Cloud, name: string): Key | undefined {
    return cloud.account.keys.find(({ id, fingerprint }) => String(id) === name || fingerprint === name);
}

function existing(cloud: Cloud, call: Call): Key {
    return found(keyNamed(cloud, decodeURIComponent(param(call, "ssh_key_identifier"))));
}

function add(cloud: Cloud, call: Call): Key {
    const publicKey = (text(call, "public_key") ?? "").trim();
    const fingerprint = fingerprintOf(publicKey);
    if (fingerprint === undefined)
        throw unprocessable("Fingerprint could not be generated, please make sure your key is valid");
    if (keyNamed(cloud, fingerprint) !== undefined) throw unprocessable("SSH Key is already in use on your account");
    const key = { id: cloud.nextId(), name: text(call, "name") ?? "", publicKey, fingerprint };
    cloud.account.keys.push(key);
    return key;
}

/** SSH keys of the account. */
export const keyRoutes: Routes = {
    "GET /v2/account/keys": (cloud, call) =>
        ok(page("ssh_keys", cloud.account.keys.map(keyView), call.path, call.query)),
    "POST /v2/account/keys": (cloud, call) => ({ status: 201, body: { ssh_key: keyView(add(cloud, call)) } }),
    "GET /v2/account/keys/{ssh_key_identifier}": (cloud, call) => ok({ ssh_key: keyView(existing(cloud, call)) }),
    "PUT /v2/account/keys/{ssh_key_identifier}": (cloud, call) => {
        const key = existing(cloud, call);
        key.name = text(call, "name") ?? key.name;
        return ok({ ssh_key: keyView(key) });
    },
    "DELETE /v2/account/keys/{ssh_key_identifier}": (cloud, call) => {
        const gone = existing(cloud, call);
        cloud.account.keys = cloud.account.keys.filter((key) => key !== gone);
        return NOTHING;
    },
};
