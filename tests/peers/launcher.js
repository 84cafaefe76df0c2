#!/usr/bin/env node
// The same launcher as launcher.py, on @grpc/grpc-js, which shares no code with gRPC's C core.
//
// usage: launcher.js SOCKET [--timeout SECONDS] METHOD [FIELD=TEXT|FIELD=@FILE]... [-- METHOD ...]
'use strict';

const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const PROTO = path.join(__dirname, '..', '..', 'proto');
const FILES = ['info', 'callbacks_v1alpha1', 'callbacks_v1alpha2', 'callbacks_v1alpha3'];
const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const nothing = { requestSerialize: () => Buffer.alloc(0), responseDeserialize: () => ({}) };

const definitions = FILES.map((name) =>
    loader.loadSync(path.join(PROTO, `${name}.proto`), { keepCase: true, defaults: true }));
const services = Object.assign({}, ...definitions);

function request(fields) {
    const values = {};
    for (const field of fields) {
        const [, name, text] = /^([^=]*)=(.*)$/s.exec(field);
        values[name] = text.startsWith('@') ? fs.readFileSync(text.slice(1)) : Buffer.from(text);
    }
    return values;
}

// The fields of a result, bytes as text.
function shown(result) {
    const show = ([name, value]) => [name, Buffer.isBuffer(value) ? value.toString() : value];
    return Object.fromEntries(Object.entries(result).map(show));
}

function call(client, method, fields, timeout) {
    const [service, name] = method.split('/');
    const definition = (services[service] || {})[name] || nothing;
    const options = timeout ? { deadline: Date.now() + 1000 * timeout } : {};
    return new Promise((resolve) => {
        client.makeUnaryRequest(`/${method}`, definition.requestSerialize,
            definition.responseDeserialize, request(fields), options, (error, result) => {
                resolve(error
                    ? { code: grpc.status[error.code], message: error.details, result: null }
                    : { code: 'OK', message: '', result: shown(result) });
            });
    });
}

async function main([socket, ...words]) {
    const timeout = words[0] === '--timeout' ? Number(words.splice(0, 2)[1]) : 0;
    const calls = [[]];
    for (const word of words) {
        if (word === '--') {
            calls.push([]);
        } else {
            calls.at(-1).push(word);
        }
    }
    const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), UNLIMITED);
    for (const [method, ...fields] of calls) {
        console.log(JSON.stringify(await call(client, method, fields, timeout)));
    }
    client.close();
}

main(process.argv.slice(2));
