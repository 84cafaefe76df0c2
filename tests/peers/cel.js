#!/usr/bin/env node
// Evaluates match conditions as an API server does, with @bufbuild/cel. Standard input is JSON:
// {"expressions": [TEXT, ...], "cases": [{"object": ..., "oldObject": ...}, ...]}. Prints, as JSON,
// for each case what each expression gave: true, false, or a text that says what went wrong.
'use strict';

const fs = require('fs');
const { celEnv, isCelError, parse, plan } = require('@bufbuild/cel');

// Objects are maps in CEL; whole numbers are ints in what an API server decodes.
function value(json) {
    if (Array.isArray(json))
        return json.map(value);
    if (json !== null && typeof json === 'object')
        return new Map(Object.entries(json).map(([key, item]) => [key, value(item)]));
    return Number.isInteger(json) ? BigInt(json) : json;
}

const { expressions, cases } = JSON.parse(fs.readFileSync(0, 'utf8'));
const programs = expressions.map((text) => plan(celEnv(), parse(text)));
const results = cases.map((variables) => {
    const bound = Object.fromEntries(
        Object.entries(variables).map(([name, json]) => [name, value(json)]));
    return programs.map((program) => {
        const result = program(bound);
        return isCelError(result) || typeof result !== 'boolean' ? String(result) : result;
    });
});
process.stdout.write(JSON.stringify(results));
