import { backupTargets } from "../../backups/targets";
import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";

/** What each channel needs: a bot or an account has a token, a mailbox a server. */
const channels = {
    telegram: ["secrets"],
    matrix: ["secrets", "server"],
    email: ["server"],
    ntfy: [],
} as const satisfies Record<string, readonly ("secrets" | "server")[]>;

const alertChannel: Check = ({ inventory }) => {
    const { alerts } = inventory;
    if (alerts === undefined) return [];
    return channels[alerts.to]
        .filter((key) => alerts[key] === undefined)
        .map((key): Problem => ({
            code: "SE205",
            path: ["alerts"],
            message:
                key === "secrets"
                    ? `Nothing can be sent over ${alerts.to} without a token.`
                    : `${alerts.to} has no server of its own: nobody knows where to send.`,
            fix: key === "secrets" ? `Write \`secrets: ${alerts.to}-token\`.` : "Write `server:` with its name.",
        }));
};

const backupCredentials: Check = ({ inventory }) =>
    backupTargets(inventory).flatMap(([name, { to, secrets }]): Problem[] => {
        if (secrets !== undefined || !to.startsWith("spaces/")) return [];
        return [
            {
                code: "SE207",
                path: ["backups", name],
                message: `${to} lies with DigitalOcean, which asks for a key.`,
                fix: "Write `secrets: spaces-key`, and set it with `./fleet secret set spaces-key`.",
            },
        ];
    });

/** Checks on what goes out to others. */
export const outsideChecks: readonly Check[] = [alertChannel, backupCredentials];
