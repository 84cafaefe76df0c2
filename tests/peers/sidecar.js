#!/usr/bin/env node
// A hook sidecar on @grpc/grpc-js, which shares no code with gRPC's C core. It marks every document
// with its name, and prints a line when it listens and a line for each call.
//
// usage: sidecar.js SOCKET [--name NAME] [--version V]... [--hook NAME[=PRIORITY]]...
//        [--behaviour mark|empty|die|hang]
'use strict';

const path = require('path');
const { parseArgs } = require('util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const PROTO = path.join(__dirname, '..', '..', 'proto');
const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        name: { type: 'string', default: 'js' },
        version: { type: 'string', multiple: true, default: ['v1alpha3'] },
        hook: { type: 'string', multiple: true, default: ['OnDefineDomain'] },
        behaviour: { type: 'string', default: 'mark' },
    },
});

function load(file) {
    const definition = loader.loadSync(path.join(PROTO, file), { keepCase: true });
    return grpc.loadPackageDefinition(definition).kubevirt.hooks;
}

function hookPoint(text) {
    const [name, priority] = text.split('=');
    return { name, priority: Number(priority || 0) };
}

// Whether the call is to be answered as usual; a broken sidecar's answer is made here.
function behaves(done) {
    if (options.behaviour === 'die') {
        process.exit(1);
    }
    if (options.behaviour === 'empty') {
        done(null, {});
    }
    return options.behaviour === 'mark';
}

const handlers = {
    Info(call, done) {
        console.log('called Info');
        done(null, {
            name: options.name,
            versions: options.version,
            hookPoints: options.hook.map(hookPoint),
        });
    },
    OnDefineDomain({ request }, done) {
        console.log(`called OnDefineDomain ${request.vmi}`);
        if (behaves(done)) {
            const xml = request.domainXML.toString();
            const marked = xml.replace('</domain>', `<!--${options.name}--></domain>`);
            done(null, { domainXML: Buffer.from(marked) });
        }
    },
    PreCloudInitIso({ request }, done) {
        console.log('called PreCloudInitIso');
        if (behaves(done)) {
            const data = JSON.parse(request.cloudInitData);
            data.UserData += `# ${options.name}\n`;
            done(null, {
                cloudInitData: Buffer.from(JSON.stringify(data)),
                cloudInitNoCloudSource: request.cloudInitNoCloudSource,
            });
        }
    },
    Shutdown(call, done) {
        console.log('called Shutdown');
        if (behaves(done)) {
            done(null, {});
        }
    },
};

const server = new grpc.Server();
server.addService(load('info.proto').info.Info.service, handlers);
for (const version of ['v1alpha1', 'v1alpha2', 'v1alpha3']) {
    const { Callbacks } = load(`callbacks_${version}.proto`)[version];
    server.addService(Callbacks.service, handlers);
}
server.bindAsync(`unix:${positionals[0]}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) {
        throw error;
    }
    console.log(`listening ${positionals[0]}`);
});
