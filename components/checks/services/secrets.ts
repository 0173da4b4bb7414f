import { backupTargets } from "../../backups/targets";
import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";

/** What `./fleet secret set` takes as a name, with {name} standing for one of `each`. */
const plain = /^[a-z0-9][a-z0-9._-]{0,99}$/;

const plainNames: Check = ({ inventory }) => {
    const written = [
        ...Object.entries(inventory.services).flatMap(([block, { secrets = [] }]) =>
            secrets.map((secret) => ({ secret, path: ["services", block, "secrets"] })),
        ),
        ...backupTargets(inventory).flatMap(([name, { secrets }]) =>
            secrets === undefined ? [] : [{ secret: secrets, path: ["backups", name, "secrets"] }],
        ),
        ...(inventory.alerts?.secrets === undefined
            ? []
            : [{ secret: inventory.alerts.secrets, path: ["alerts", "secrets"] }]),
    ];
    return written.flatMap(({ secret, path }): Problem[] => {
        // Other braces are SE172's.
        if (plain.test(secret.replaceAll(/\{[^{}]*\}/g, "x"))) return [];
        const isValue = secret.length > 30 || /[=+:]/.test(secret);
        return [
            {
                code: "SE177",
                path,
                // A value that was pasted here must not be printed again.
                message: `${isValue ? "What stands here" : JSON.stringify(secret)} is no name of a secret.`,
                fix: "Write a name of a-z, 0-9, dots and dashes; the value goes in by `./fleet secret set NAME`.",
            },
        ];
    });
};

const namedTwice: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]) =>
        (["databases", "buckets"] as const).flatMap((key): Problem[] => {
            const names = entry[key] ?? [];
            const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
            return twice.map((name) => ({
                code: "SE178",
                path: ["services", block, key],
                message: `"${name}" stands ${names.filter((one) => one === name).length} times in ${key}.`,
                fix: "Write it once.",
            }));
        }),
    );

/** Checks on names that services are given. */
export const secretChecks: readonly Check[] = [plainNames, namedTwice];
