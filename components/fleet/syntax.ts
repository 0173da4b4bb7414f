import { isAlias, isScalar, visit, type Document, type Node } from "yaml";
import { show } from "./show";
import { ambiguity } from "./plain-scalars";

/** Something in the text that is no YAML, or not the plain part of YAML that inventories are written in. */
export interface SyntaxProblem {
    /** Offset into the text. */
    readonly offset: number;
    readonly message: string;
    readonly fix: string;
}

type ParserError = Document["errors"][number];
type Words = Pick<SyntaxProblem, "message" | "fix">;

/** What the parser complains of and then what every other reader of YAML would take differently, by place. */
export function syntaxProblems(document: Document, text: string): SyntaxProblem[] {
    const unreadable = encodingProblems(text);
    if (unreadable.length > 0) return unreadable;
    const parsed = document.errors.map((error) => ({ offset: error.pos[0], ...parserWords(error, text) }));
    // After a wrong quote or indentation the rest of the file is read askew: only the first is worth reading.
    const first = document.errors.every(({ code }) => code === "DUPLICATE_KEY") ? parsed : parsed.slice(0, 1);
    return first.length > 0 ? first : [...directiveProblems(document), ...featureProblems(document)];
}

function encodingProblems(text: string): SyntaxProblem[] {
    const offset = text.search(/[\uFFFD\0]/);
    if (offset < 0) return [];
    return [
        {
            offset,
            message: "This is no UTF-8 text.",
            fix: "Save the file as UTF-8: in most editors this is called the encoding.",
        },
    ];
}

function parserWords({ code, message, pos: [offset] }: ParserError, text: string): Words {
    const line = text.slice(offset).split(/[\r\n]/, 1)[0] ?? "";
    switch (code) {
        case "DUPLICATE_KEY":
            return {
                message: `The key "${line.split(/\s*:/, 1)[0] ?? ""}" is there already.`,
                fix: "Keep one of the two.",
            };
        case "TAB_AS_INDENT":
            return { message: "A tab stands where the line is indented.", fix: "Indent with spaces." };
        case "MULTIPLE_DOCS":
            return {
                message: "A second document begins here.",
                fix: "A file holds one inventory: delete the line `---`, or put the other one into a file of its own.",
            };
        case "BAD_SCALAR_START":
            return {
                message: `A text without quotes cannot start with ${line.slice(0, 1)}.`,
                fix: "Put quotes around it.",
            };
        case "BLOCK_AS_IMPLICIT_KEY":
        case "MULTILINE_IMPLICIT_KEY":
            return {
                message:
                    "This reads as a map inside a text: there is a second `: `, or this line or the next is indented wrongly.",
                fix: "Indent the keys of one map alike, and put quotes around a text with `: ` in it.",
            };
        case "BAD_INDENT":
            return {
                message: `${message.replaceAll(/\s+/g, " ")}.`,
                fix: "Indent the keys of one map alike, and close every { and [.",
            };
        default:
            return { message: `${message.replaceAll(/\s+/g, " ")}.`, fix: "Mend the YAML at this place." };
    }
}

function directiveProblems({ directives }: Document): SyntaxProblem[] {
    if (directives?.yaml.explicit !== true) return [];
    return [
        {
            offset: 0,
            message: "A directive (%YAML) changes how the text is read.",
            fix: "Delete it: inventories are YAML 1.2 with nothing that older readers take differently.",
        },
    ];
}

function featureProblems(document: Document): SyntaxProblem[] {
    const problems: SyntaxProblem[] = [];
    visit(document, {
        Node(_, node) {
            const words = featureWords(node);
            if (words !== undefined) problems.push({ offset: node.range?.[0] ?? 0, ...words });
        },
    });
    return problems;
}

const writeOut = "Write the value out; `each` and patterns such as site-{01..37} make one line many.";

function featureWords(node: Node): Words | undefined {
    if (isAlias(node)) {
        return {
            message: `A value that starts with * (*${node.source}) refers to an anchor, which inventories do without.`,
            fix: `${writeOut} Put quotes around a text that starts with *.`,
        };
    }
    const { anchor, tag } = node as { anchor?: string; tag?: string };
    if (anchor !== undefined) {
        return { message: `Inventories do without anchors (&${anchor}).`, fix: writeOut };
    }
    if (tag !== undefined) {
        return { message: `Inventories do without tags (${tag}).`, fix: "Delete what starts with ! here." };
    }
    return isScalar(node) && node.type === "PLAIN" ? scalarWords(node.source ?? "") : undefined;
}

function scalarWords(text: string): Words | undefined {
    if (text === "<<") {
        return { message: "Inventories do without merge keys (<<).", fix: writeOut };
    }
    const found = ambiguity(text);
    if (found === undefined) return undefined;
    return {
        message: `Some readers of YAML take ${show(text)} for ${found.reads}.`,
        fix: `Write ${found.plain === undefined ? "" : `${found.plain}, or `}"${text}" in quotes when it is a text.`,
    };
}
