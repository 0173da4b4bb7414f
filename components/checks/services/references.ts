import { backupTargets } from "../../backups/targets";
import type { Check } from "../../fleet/check";
import { didYouMean, listOf, type Problem } from "../../fleet/errors";
import { typeOf } from "../../services/catalogue/catalogue";

const modelThere: Check = ({ inventory, keys }) => {
    const served = Object.keys(inventory.models?.serve ?? {});
    const names = [...served, ...Object.keys(inventory.models?.aliases ?? {})];
    // With a broken `models:` nobody can say what is served.
    if (inventory.models === undefined && keys.includes("models")) return [];
    return Object.entries(inventory.services).flatMap(([block, { model, provider }]): Problem[] => {
        if (model === undefined || provider !== undefined || names.includes(model)) return [];
        return [
            {
                code: "SE176",
                path: ["services", block, "model"],
                message: `No node serves "${model}", and no alias has that name.`,
                fix: didYouMean(
                    model,
                    names,
                    names.length === 0 ? "Add it under models.serve." : `Write ${listOf(names)}.`,
                ),
            },
        ];
    });
};

const needs: Check = ({ inventory, design }) =>
    design.instances.flatMap(({ block, type, node, path, name }) =>
        (typeOf(block, inventory.services[block] ?? {})?.needs ?? [])
            .filter((need) => {
                const there = design.instances.filter((other) => other.type === need.type);
                return need.how === "same-node" ? there.every((other) => other.node !== node) : there.length === 0;
            })
            .map((need) => ({
                code: "SE176" as const,
                path,
                message: `${name} needs ${need.type}${need.how === "same-node" ? ` on ${node}` : ""}: ${need.why}.`,
                fix: `Add ${need.type} under services:, or leave ${type} out.`,
            })),
    );

const backupTo: Check = ({ inventory }) =>
    backupTargets(inventory).flatMap(([name, { to }]): Problem[] => {
        const [, store = "", bucket = ""] = /^([a-z][a-z0-9-]*)\/(.+)$/.exec(to) ?? [];
        if (store === "" || store === "spaces") return [];
        const path = ["backups", name, "to"];
        const { services } = inventory;
        const stores = Object.keys(services).filter((block) =>
            typeOf(block, services[block] ?? {})?.options.includes("buckets"),
        );
        if (!stores.includes(store)) {
            const message =
                services[store] === undefined
                    ? `There is no service "${store}" to copy to.`
                    : `${store} keeps no buckets: it is no store.`;
            const otherwise =
                stores.length === 0 ? "Add a garage under services:." : `Write ${listOf(stores)} before the /.`;
            return [{ code: "SE176", path, message, fix: didYouMean(store, stores, otherwise) }];
        }
        const buckets = services[store]?.buckets ?? [];
        if (buckets.includes(bucket)) return [];
        const message = `${store} has no bucket "${bucket}".`;
        const fix = didYouMean(bucket, buckets, `Add it to services.${store}.buckets, or write ${listOf(buckets)}.`);
        return [{ code: "SE176", path, message, fix }];
    });

const backupOf: Check = ({ inventory }) => {
    const blocks = Object.keys(inventory.services);
    return backupTargets(inventory).flatMap(([name, { of = [] }]) =>
        of
            .filter((block) => !blocks.includes(block))
            .map((block) => ({
                code: "SE176" as const,
                path: ["backups", name, "of"],
                message: `There is no service "${block}" to copy.`,
                fix: didYouMean(block, blocks, `Write ${listOf(blocks)}.`),
            })),
    );
};

/** Checks on what one part of the inventory says of another. */
export const referenceChecks: readonly Check[] = [modelThere, needs, backupTo, backupOf];
