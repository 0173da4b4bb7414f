import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** What a property's value is, as far as both sides can say it. `object` is a map or a type with properties of its own. */
export type Kind = "string" | "number" | "boolean" | "array" | "object" | "asset" | "any";

/** A property of a resource or of a type below it. */
export interface Property {
    readonly kind: Kind;
    readonly required: boolean;
    /** Properties of the type that it refers to, when it is such an object. */
    readonly fields?: Properties;
}

/** Properties by name. */
export type Properties = Readonly<Record<string, Property>>;

/** What an npm package declares of a resource. */
export interface Declaration {
    readonly inputs: Properties;
    readonly outputs: Properties;
    /** Outputs that the package marks as secret by itself. */
    readonly secrets: readonly string[];
}

const modules = join(__dirname, "../../node_modules/@pulumi");

/**
 * Reads the declaration of a resource from an installed npm package.
 * @param module file without its ending, below the package: `remote/command`
 * @throws Error when the class or its arguments are not declared there
 */
export function declaration(packageName: string, module: string, className: string): Declaration {
    const file = join(modules, packageName, module);
    const source = parse(`${file}.d.ts`);
    const types = join(modules, packageName, "types/input.d.ts"); // packages without nested inputs have none
    const nested: Interfaces = existsSync(types) ? interfaces(parse(types)) : new Map();
    const members = source.statements
        .filter(ts.isClassDeclaration)
        .find((node) => node.name?.text === className)?.members;
    const args = interfaces(source).get(`${className}Args`);
    if (members === undefined || args === undefined) throw new Error(`${file}.d.ts does not declare ${className}`);
    const outputs = members
        .filter(ts.isPropertyDeclaration)
        .filter((node) => !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword));
    const secrets = /additionalSecretOutputs: \[([^\]]*)\]/.exec(readFileSync(`${file}.js`, "utf8"))?.[1] ?? "";
    return {
        inputs: properties(args.members.filter(ts.isPropertySignature), nested),
        outputs: properties(outputs, nested),
        secrets: [...secrets.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? ""),
    };
}

type Interfaces = ReadonlyMap<string, ts.InterfaceDeclaration>;

function parse(path: string): ts.SourceFile {
    return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function interfaces(root: ts.Node): Interfaces {
    const found = new Map<string, ts.InterfaceDeclaration>();
    const visit = (node: ts.Node): void => {
        if (ts.isInterfaceDeclaration(node)) found.set(node.name.text, node);
        ts.forEachChild(node, visit);
    };
    visit(root);
    return found;
}

function properties(nodes: readonly (ts.PropertySignature | ts.PropertyDeclaration)[], nested: Interfaces): Properties {
    return Object.fromEntries(
        nodes.map((node) => {
            const type = unwrap(node.type);
            const name = ts.isTypeReferenceNode(type.node) ? type.node.typeName.getText() : "";
            const below = name.startsWith("inputs.") ? nested.get(name.split(".").at(-1) ?? "") : undefined;
            const property = {
                kind: kindOf(type.node),
                required: node.questionToken === undefined && !type.optional,
                ...(below && { fields: properties(below.members.filter(ts.isPropertySignature), nested) }),
            };
            return [node.name.getText(), property];
        }),
    );
}

/** Strips Input<…>, Output<…> and `| undefined`. */
function unwrap(type: ts.TypeNode | undefined): { node: ts.TypeNode; optional: boolean } {
    if (type === undefined) throw new Error("a property without a type");
    if (ts.isTypeReferenceNode(type) && /^pulumi\.(Input|Output)$/.test(type.typeName.getText())) {
        return unwrap(type.typeArguments?.[0]);
    }
    if (ts.isUnionTypeNode(type)) {
        const rest = type.types.filter((part) => part.kind !== ts.SyntaxKind.UndefinedKeyword);
        return { node: unwrap(rest[0]).node, optional: rest.length < type.types.length };
    }
    return { node: type, optional: false };
}

function kindOf(type: ts.TypeNode): Kind {
    const text = type.getText();
    if (text === "string" || text === "number" || text === "boolean" || text === "any") return text;
    if (ts.isArrayTypeNode(type)) return "array";
    if (text.startsWith("pulumi.asset.")) return "asset";
    return text.startsWith("enums.") ? "string" : "object";
}
