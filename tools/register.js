// Lets `require` read TypeScript: types are stripped by sucrase (plain JavaScript, so that the lock names no binary of any platform) and the result is
// kept in node_modules/.cache by the hash of the source. Types are checked by `npm test`.
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

const cache = join(__dirname, "../node_modules/.cache/sovereign-edge");

function strip(source, file) {
    const { transform } = require("sucrase");
    return transform(source, { transforms: ["typescript", "imports"], disableESTransforms: true, filePath: file }).code;
}

function keep(place, code) {
    try {
        mkdirSync(cache, { recursive: true });
        writeFileSync(`${place}.${process.pid}`, code);
        renameSync(`${place}.${process.pid}`, place);
    } catch {
        // A clone that its user may not write to only starts slower.
    }
}

require.extensions[".ts"] = (module, file) => {
    const source = readFileSync(file, "utf8");
    const place = join(cache, `${createHash("sha256").update(source).digest("hex")}.js`);
    if (existsSync(place)) return module._compile(readFileSync(place, "utf8"), file);
    const code = strip(source, file);
    keep(place, code);
    return module._compile(code, file);
};

// Pulumi's SDK takes the stack of every resource and looks each line up in source maps, a twentieth of the time: stripping leaves lines where they are.
// And it loads the TypeScript compiler to serialise closures, which this program has none of: put off until somebody asks, it saves 0.3 s
// of every preview (measured).
const load = Module._load;
Module._load = function (request, ...rest) {
    if (request === "source-map-support/register") return {};
    if (request !== "typescript") return load.call(this, request, ...rest);
    return new Proxy({}, { get: (_, key) => load.call(this, request, ...rest)[key] });
};
