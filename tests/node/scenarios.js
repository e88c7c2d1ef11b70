// node scenarios.js NAME '{"target": "127.0.0.1:50050", …}': does one thing that clients do; prints what came of it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const protoLoader = require('@grpc/proto-loader');
const grpc = require('@grpc/grpc-js');
const descriptors = require('protobufjs/ext/descriptor');
const antiphon = require('./antiphon');

const GATEWAY = 'antiphon.analysis.v1.AnalysisService';
const SEPARATION = 'antiphon.separation.v1.SeparationService';
const SPEECH = 'antiphon.speech.v1.SpeechService';
const DEADLINE_MS = 240_000;

const deadline = (milliseconds = DEADLINE_MS) => ({ deadline: Date.now() + milliseconds });
const read = (file) => fs.createReadStream(file, { highWaterMark: 256 * 1024 });

/** Loads the client of a service whose proto lies in another package of npm. */
function foreign(name, target, proto, includeDir) {
  const loaded = protoLoader.loadSync(proto, { ...antiphon.OPTIONS, includeDirs: [includeDir] });
  const Client = grpc.makeClientConstructor(loaded[name], name);
  return new Client(target, grpc.credentials.createInsecure());
}

const folderOf = (name) => path.dirname(require.resolve(`${name}/package.json`));

/** The error of what should have failed, as a client sees it. */
async function failing(act) {
  try {
    await act();
  } catch (error) {
    return antiphon.failure(error);
  }
  throw new Error('the call went through');
}

async function all(call) {
  const answers = [];
  for await (const answer of call) answers.push(answer);
  return answers;
}

async function unary(client, method, request = {}) {
  return new Promise((resolve, reject) =>
    client[method](request, deadline(), (error, answer) => (error ? reject(error) : resolve(answer))),
  );
}

async function analyze({ target, file, stages }) {
  const gateway = antiphon.connect(GATEWAY, target);
  const answers = await all(antiphon.upload(gateway.Analyze(deadline()), { stages }, read(file)));
  const progress = answers.filter(({ event }) => event === 'progress').map((answer) => answer.progress);
  const { record } = answers.at(-1);
  return {
    events: answers.map(({ event }) => event),
    fractions: progress.map((each) => each.progress.fraction).filter((fraction) => fraction !== undefined),
    phases: [...new Set(progress.map((each) => each.progress.phase))],
    upload_sha256: record.source.upload_sha256.toString('hex'),
    frame_count: record.source.frame_count,
    duration: antiphon.seconds(record.source.duration),
    key: record.fusion.key?.tonic,
    states: Object.fromEntries(record.stage_reports.map((report) => [report.stage, report.state])),
    absent: { speech: record.speech, lyrics: record.fusion.lyrics },
  };
}

async function separate({ target, file, out }) {
  const separation = antiphon.connect(SEPARATION, target);
  const answers = await all(antiphon.upload(separation.Separate(deadline()), {}, read(file)));
  const streams = {};
  let checksums = 0;
  for (const { stem_chunk } of answers.filter(({ event }) => event === 'stem_chunk')) {
    (streams[stem_chunk.stem] ??= new antiphon.Stream()).add(stem_chunk.chunk);
    checksums += stem_chunk.chunk.crc32c !== undefined;
  }
  const { summary } = answers.at(-1);
  const stems = {};
  for (const { name, frame_count, sha256, patches } of summary.stems) {
    fs.writeFileSync(path.join(out, `${name}.sent`), streams[name].file());
    fs.writeFileSync(path.join(out, `${name}.flac`), streams[name].file(patches));
    stems[name] = { frame_count, sha256: sha256.toString('hex'), patches: patches.length };
  }
  return { header: answers.find(({ event }) => event === 'header').header.stems, stems, checksums };
}

/** Sends a recording as if it were spoken now, and its end only when words have come. */
async function recognize({ target, file, sample_rate_hertz }) {
  const speech = antiphon.connect(SPEECH, target);
  const audio_format = { encoding: 'INPUT_ENCODING_PCM_S16LE', sample_rate_hertz, channel_count: 1 };
  let heard;
  const words = new Promise((resolve) => (heard = resolve));
  let ended = false;
  async function* spoken() {
    yield* fs.createReadStream(file, { highWaterMark: sample_rate_hertz / 5 }); // 100 ms
    await words;
    ended = true;
  }
  const result = { before_the_end: [], text: '', events: [] };
  const call = antiphon.upload(speech.StreamingRecognize(deadline()), { audio_format, language_code: 'en' }, spoken());
  for await (const answer of call) {
    result.events.push(answer.event);
    const { text } = answer.interim ?? answer.final ?? {};
    if (text?.trim() && !ended) result.before_the_end.push(text);
    if (text?.trim()) heard();
    if (answer.event === 'final') result.text += text;
  }
  return result;
}

async function health({ target }) {
  const folder = path.join(folderOf('grpc-health-check'), 'proto');
  const client = foreign('grpc.health.v1.Health', target, 'health/v1/health.proto', folder);
  const checked = {};
  for (const service of ['', 'liveness', 'readiness', GATEWAY])
    checked[service] = (await unary(client, 'Check', { service })).status;
  const unknown = await failing(() => unary(client, 'Check', { service: 'nonsense' }));
  const watch = client.Watch({ service: 'readiness' }, deadline());
  for await (const { status } of watch) {
    watch.cancel();
    return { checked, unknown: unknown.code, watched: status };
  }
}

/** Asks a server what it has, and calls it by what it said alone. */
async function reflection({ target, version }) {
  const folder = path.join(folderOf('@grpc/reflection'), 'build', 'proto');
  const name = `grpc.reflection.${version}.ServerReflection`;
  const client = foreign(name, target, `grpc/reflection/${version}/reflection.proto`, folder);
  const call = client.ServerReflectionInfo(deadline());
  call.write({ list_services: '' });
  call.end({ file_containing_symbol: GATEWAY });
  const [listed, described] = await all(call);
  const files = described.file_descriptor_response.file_descriptor_proto;
  const file = files.map((each) => descriptors.FileDescriptorProto.decode(each));
  const set = descriptors.FileDescriptorSet.encode({ file }).finish();
  const loaded = protoLoader.loadFileDescriptorSetFromBuffer(Buffer.from(set), antiphon.OPTIONS);
  const Client = grpc.makeClientConstructor(loaded[GATEWAY], GATEWAY);
  const { services } = await unary(new Client(target, grpc.credentials.createInsecure()), 'ListServices');
  return {
    services: listed.list_services_response.service.map((service) => service.name),
    called: services.filter(({ ready }) => ready).map(({ service }) => service),
  };
}

async function refused({ target, file }) {
  const separation = antiphon.connect(SEPARATION, target);
  return failing(() => all(antiphon.upload(separation.Separate(deadline()), { stems: ['kazoo'] }, read(file))));
}

/** Messages that are too large: one that is sent, of so many bytes, and an answer where the client takes little. */
async function large({ target, file, sent_bytes, taken_bytes }) {
  const separation = antiphon.connect(SEPARATION, target);
  const sent = {};
  for (const bytes of sent_bytes) {
    const call = antiphon.upload(separation.Separate(deadline()), {}, [Buffer.alloc(bytes)]);
    sent[bytes] = await failing(() => all(call));
  }
  const small = antiphon.connect(SEPARATION, target, { 'grpc.max_receive_message_length': taken_bytes });
  const received = await failing(() => all(antiphon.upload(small.Separate(deadline()), {}, read(file))));
  return { sent, received };
}

/** Leaves when it computes. */
async function cancelled({ target, file }) {
  const separation = antiphon.connect(SEPARATION, target);
  const call = antiphon.upload(separation.Separate(deadline()), {}, read(file));
  const events = [];
  const error = await failing(async () => {
    for await (const { event, progress } of call) {
      events.push(event);
      if (progress?.phase === 'PHASE_COMPUTING') call.cancel();
    }
  });
  return { ...error, events };
}

async function late({ target, file, milliseconds }) {
  const separation = antiphon.connect(SEPARATION, target);
  return failing(() => all(antiphon.upload(separation.Separate(deadline(milliseconds)), {}, read(file))));
}

const SCENARIOS = { analyze, cancelled, health, large, late, recognize, reflection, refused, separate };
const [name, given] = process.argv.slice(2);
SCENARIOS[name](JSON.parse(given)).then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit(0)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
