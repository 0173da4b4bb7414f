// Lab tests run in the order of their names: they share one fleet, and the first brings it up, the last takes it down.
const Sequencer = require("@jest/test-sequencer").default;

module.exports = class ByName extends Sequencer {
    sort(tests) {
        return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
    }
};
