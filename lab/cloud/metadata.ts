import type { RequestListener } from "node:http";
import type { Cloud } from "./cloud";
import { networkOf } from "./ranges";
import type { Droplet } from "./types";

/** What a droplet is told about itself, by path under /metadata/v1/. */
function facts(cloud: Cloud, droplet: Droplet): Readonly<Record<string, string>> {
    const { account } = cloud;
    const range = account.vpcs.find(({ id }) => id === droplet.vpc)?.range ?? "10.0.0.0/20";
    const reserved = account.reservedIps.find((one) => one.droplet === droplet.id)?.ip;
    const keys = account.keys.filter(({ id }) => droplet.keys.includes(id)).map(({ publicKey }) => publicKey);
    return {
        id: String(droplet.id),
        hostname: droplet.name,
        "user-data": droplet.userData,
        "public-keys": keys.join("\n"),
        region: droplet.region,
        tags: droplet.tags.join("\n"),
        "interfaces/public/0/ipv4/address": droplet.address,
        "interfaces/public/0/ipv4/netmask": "255.255.255.0",
        "interfaces/public/0/ipv4/gateway": "203.0.113.1",
        "interfaces/public/0/anchor_ipv4/address": droplet.anchor,
        "interfaces/public/0/anchor_ipv4/netmask": "255.255.0.0",
        "interfaces/public/0/anchor_ipv4/gateway": "10.19.0.1",
        "interfaces/private/0/ipv4/address": droplet.privateAddress,
        "interfaces/private/0/ipv4/netmask": networkOf(range).netmask,
        "reserved_ip/ipv4/active": String(reserved !== undefined),
        ...(reserved === undefined ? {} : { "reserved_ip/ipv4/ip_address": reserved }),
    };
}

/** Serves droplets what they may know about themselves; who asks is told apart by the address that the question comes from. */
export function metadataListener(cloud: Cloud): RequestListener {
    return (request, response) => {
        const from = request.socket.remoteAddress?.replace(/^::ffff:/, "");
        const droplet = cloud.account.droplets.find(({ address }) => address === from);
        const name = /^\/metadata\/v1\/(.+)$/.exec(request.url ?? "")?.[1];
        const value = droplet === undefined || name === undefined ? undefined : facts(cloud, droplet)[name];
        response.writeHead(value === undefined ? 404 : 200, { "content-type": "text/plain; charset=utf-8" });
        response.end(value === undefined ? "not found\n" : value);
    };
}
