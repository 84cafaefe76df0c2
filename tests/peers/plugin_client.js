#!/usr/bin/env node
// The same as plugin_client.py, on @grpc/grpc-js, which shares no code with gRPC's C core. As
// virt-launcher it dials anew for each call; but with --at-once all go over one connection.
//
// usage: plugin_client.js SOCKET DOMAIN-FILE [--count N] [--at-once] [--timeout SECONDS]
'use strict';

const fs = require('fs');
const path = require('path');
const { parseArgs } = require('util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const DIAL_SECONDS = 2;
const OPTIONS = { 'grpc.default_authority': 'localhost', 'grpc.use_local_subchannel_pool': 1 };
const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        count: { type: 'string', default: '1' },
        'at-once': { type: 'boolean', default: false },
        timeout: { type: 'string', default: '100' },
    },
});
const [socket, file] = positionals;
const domain = fs.readFileSync(file);
const definition = loader.loadSync(path.join(__dirname, '..', '..', 'proto', 'domain_hook.proto'),
    { keepCase: true });
const { DomainHookService } =
    grpc.loadPackageDefinition(definition).kubevirt.hooks.plugins.v1alpha1;

function dial() {
    const client =
        new DomainHookService(`unix:${socket}`, grpc.credentials.createInsecure(), OPTIONS);
    return new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + 1000 * DIAL_SECONDS,
            (error) => (error ? reject(error) : resolve(client)));
    });
}

function call(client, number) {
    const request = {
        domain_type: 'libvirt',
        domain,
        vmi: Buffer.from(JSON.stringify({ call: number })),
        sidecar_context: { invocation_context: 'Boot' },
    };
    const deadline = Date.now() + 1000 * Number(options.timeout);
    return new Promise((resolve) => {
        client.MutateDomain(request, { deadline }, (error, answer) => {
            console.log(JSON.stringify({
                call: number,
                code: grpc.status[error ? error.code : grpc.status.OK],
                message: error ? error.details : '',
                domain: error ? null : answer.domain.toString(),
            }));
            resolve();
        });
    });
}

async function main() {
    const numbers = [...Array(Number(options.count)).keys()];
    if (options['at-once']) {
        const client = await dial();
        await Promise.all(numbers.map((number) => call(client, number)));
        client.close();
        return;
    }
    for (const number of numbers) {
        const client = await dial();
        await call(client, number);
        client.close();
    }
}

main();
