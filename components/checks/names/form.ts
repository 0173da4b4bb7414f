import { planNameservers } from "../../dns/plan";
import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import type { PublicName } from "../../names/plan";

/** RFC 1035 §2.3.4; 253 is what its 255 octets leave of the text. */
const longest = { label: 63, name: 253 };

const fits: Check = ({ design }) => {
    const long = design.names.flatMap((name): { name: PublicName; words: string }[] => {
        const label = name.name.split(".").find((part) => part.length > longest.label);
        if (label !== undefined)
            return [{ name, words: `"${label}" has ${label.length} letters, and a label ${longest.label} at most` }];
        if (name.name.length <= longest.name) return [];
        return [{ name, words: `it has ${name.name.length} letters, and a name ${longest.name} at most` }];
    });
    return onePerPath(long.map(({ name }) => name)).map((name) => ({
        code: "SE182" as const,
        path: name.path,
        message: `${shown(name.name)} is too long: ${long.find((one) => one.name === name)?.words ?? ""}.`,
        fix: "Shorten the name, or the longest of `each`.",
    }));
};

const nameservers: Check = ({ inventory, design }) => {
    const own = new Map(
        Object.keys(inventory.domains).flatMap((domain) =>
            planNameservers(inventory, domain).map(({ name, node }) => [name, node]),
        ),
    );
    return design.names
        .filter(({ name }) => own.has(name))
        .map(({ name, path }): Problem => ({
            code: "SE183",
            path,
            message: `${name} is the name of the nameserver on ${own.get(name) ?? ""}.`,
            fix: "Write another name: ns1, ns2 and on belong to the nameservers of each domain.",
        }));
};

function shown(name: string): string {
    return name.length > 100 ? `${name.slice(0, 40)}…${name.slice(-40)}` : name;
}

function onePerPath(names: readonly PublicName[]): PublicName[] {
    return [...new Map([...names].reverse().map((name) => [name.path.join("."), name])).values()].reverse();
}

/** Checks on the form of names. */
export const formChecks: readonly Check[] = [fits, nameservers];
