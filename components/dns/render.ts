import { program } from "../converge/command";
import { anchorFile, anchorUnit } from "../droplet/anchor";
import type { Role } from "../converge/schema";
import type { ZonePlan } from "./plan";

const database = "/var/lib/powerdns/pdns.sqlite3";

/**
 * The role `pdns`: PowerDNS 4.9 of Debian 13 on SQLite, bound to the node's own addresses, never to 0.0.0.0: systemd-resolved
 * has port 53 of loopback.
 * @param own its address; nothing for a droplet, which binds to its anchor
 * @param inMesh its addresses in the mesh
 */
export function renderServer(own: string | undefined, inMesh: readonly string[]): Role {
    const config = "/etc/powerdns/pdns.conf";
    const unit = "/etc/systemd/system/pdns.service.d/mesh.conf";
    return {
        directories: {
            "/etc/powerdns": { mode: "0755", owner: "root:root" },
            // The served zones with their serials: data that outlives the role.
            "/var/lib/powerdns": { mode: "0755", owner: "pdns:pdns", keep: true },
        },
        files: {
            [config]: {
                mode: "0640",
                owner: "root:pdns",
                text: renderConfig(own === undefined ? [] : [own, ...inMesh]),
            },
            [unit]: { mode: "0644", owner: "root:root", text: own === undefined ? anchored(inMesh) : after("") },
        },
        actions: { "zone-init": { argv: ["python3", "-I", program, "zone-init"], on: { [config]: true } } },
        units: { "pdns.service": { enabled: true, running: true, restartOn: { [config]: true, [unit]: true } } },
        checks: { answers: { argv: ["pdns_control", "rping"], within: 20 } },
    };
}

/** The packaged unit would start before the mesh has its address. */
const after = (more: string): string => `[Unit]\nAfter=wg-quick@wg0.service${more}\n`;

/** Debian's command (pdns-server 4.9, pdns.service) with addresses of which one is only known on the machine. */
function anchored(inMesh: readonly string[]): string {
    const options = "--guardian=no --daemon=no --disable-syslog --log-timestamp=no --write-pid=no";
    return [
        after(` ${anchorUnit}`),
        "[Service]",
        `EnvironmentFile=${anchorFile}`,
        "ExecStart=",
        `ExecStart=/usr/sbin/pdns_server ${options} --local-address=${["${ANCHOR}", ...inMesh].join(",")}`,
        "",
    ].join("\n");
}

/** The packages the role needs. */
export const serverPackages: readonly string[] = ["pdns-server", "pdns-backend-sqlite3", "sqlite3"];

function renderConfig(addresses: readonly string[]): string {
    return [
        "launch=gsqlite3",
        `gsqlite3-database=${database}`,
        // A droplet's stand in the unit.
        ...(addresses.length === 0 ? [] : [`local-address=${addresses.join(", ")}`]),
        "local-address-nonexist-fail=no",
        "primary=yes",
        "disable-axfr=yes",
        "version-string=anonymous",
        "security-poll-suffix=",
        "setuid=pdns",
        "setgid=pdns",
        "",
    ].join("\n");
}

/**
 * The role `zone-DOMAIN`: the zone as a text in master file format (RFC 1035 §5). Its serial is 0 here: the primary
 * raises the one it serves when the content changed.
 */
export function renderZone(zone: ZonePlan): Role {
    const path = `/etc/powerdns/zones/${zone.domain}.zone`;
    const command = ["python3", "-I", program];
    return {
        directories: { "/etc/powerdns/zones": { mode: "0755", owner: "root:root" } },
        files: {
            [path]: {
                mode: "0644",
                owner: "root:root",
                text: renderMasterFile(zone),
                validate: [...command, "zone-check", zone.domain, "{}"],
            },
        },
        actions: { load: { argv: [...command, "zone-load", zone.domain, path], on: { [path]: true } } },
        removal: { drop: { argv: [...command, "zone-drop", zone.domain] } },
        checks: { served: { argv: ["pdnsutil", "check-zone", zone.domain], within: 10 } },
    };
}

function renderMasterFile(zone: ZonePlan): string {
    const soa = `${zone.nameserver}. hostmaster.${zone.domain}. 0 10800 3600 1209600 300`;
    const records = zone.records.map(({ name, type, ttl, value }) => `${name}.\t${ttl}\tIN\t${type}\t${value}`);
    return [`$ORIGIN ${zone.domain}.`, `${zone.domain}.\t3600\tIN\tSOA\t${soa}`, ...records, ""].join("\n");
}
