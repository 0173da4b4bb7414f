import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import type { Inventory } from "../../fleet/schema";
import { modelNames, modelOf, type Model } from "../../models/catalogue";

type Kind = Model["kind"];

/** Every model that an alias leads to, with the alias. */
function members(inventory: Inventory): { readonly alias: string; readonly model: string }[] {
    return Object.entries(inventory.models?.aliases ?? {}).flatMap(([alias, to]) =>
        to.map((model) => ({ alias, model })),
    );
}

/** An alias with the name of a model: nobody could ask for that model any more. */
export const aliasNames: Check = ({ inventory }) =>
    Object.keys(inventory.models?.aliases ?? {})
        .filter((alias) => modelNames(inventory).includes(alias))
        .map((alias) => ({
            code: "SE145" as const,
            path: ["models", "aliases", alias],
            message: `${alias} is the name of a model: who asks for it would get another one.`,
            fix: "Give the alias another name.",
        }));

/** What a kind of model is asked by: text and vision by chat, the others each in its own way. */
function requestOf(kind: Kind): string {
    return { text: "chat", vision: "chat", embedding: "embeddings", image: "images" }[kind];
}

/** An alias of models that cannot stand in for each other. */
export const aliasKinds: Check = ({ inventory }) =>
    Object.entries(inventory.models?.aliases ?? {}).flatMap(([alias, to]): Problem[] => {
        const known = to.flatMap((model) => {
            const kind = modelOf(inventory, model)?.kind;
            return kind === undefined ? [] : [{ model, request: requestOf(kind) }];
        });
        const first = known[0];
        const other = known.find(({ request }) => request !== first?.request);
        if (first === undefined || other === undefined) return [];
        return [
            {
                code: "SE152",
                path: ["models", "aliases", alias],
                message: `${first.model} answers ${first.request}, ${other.model} answers ${other.request}: neither can take a request meant for the other.`,
                fix: `Give ${other.model} an alias of its own.`,
            },
        ];
    });

/** Names of aliases that promise a kind of model. */
const promises: readonly { readonly name: RegExp; readonly kinds: readonly Kind[]; readonly words: string }[] = [
    { name: /^(chat|fast|code|coder|reason|write|agent|assistant)$/, kinds: ["text", "vision"], words: "writes text" },
    { name: /^(vision|see|look|ocr)$/, kinds: ["vision"], words: "sees images" },
    { name: /^(embed|embedding|embeddings|vectors)$/, kinds: ["embedding"], words: "makes embeddings" },
    { name: /^(image|images|draw|paint|picture)$/, kinds: ["image"], words: "makes images" },
];

/** A vision alias on a model that reads only, a chat alias on a model that does not write. */
export const aliasPromises: Check = ({ inventory }) =>
    members(inventory).flatMap(({ alias, model }): Problem[] => {
        const promise = promises.find(({ name }) => name.test(alias));
        const kind = modelOf(inventory, model)?.kind;
        if (promise === undefined || kind === undefined || promise.kinds.includes(kind)) return [];
        const served = Object.keys(inventory.models?.serve ?? {}).filter((name) =>
            promise.kinds.includes(modelOf(inventory, name)?.kind ?? "text"),
        );
        return [
            {
                code: "SE153",
                path: ["models", "aliases", alias],
                message: `${alias} promises a model that ${promise.words}; ${model} is for ${kindWords[kind]}.`,
                fix:
                    served.length === 0
                        ? "Serve such a model, or name the alias otherwise."
                        : `Write ${listOf(served)}.`,
            },
        ];
    });

const kindWords: Readonly<Record<Kind, string>> = {
    text: "text only",
    vision: "text and images that it is shown",
    embedding: "embeddings only",
    image: "making images",
};
