// A client of Antiphon for Node, by @grpc/grpc-js and @grpc/proto-loader, without generated code.
'use strict';

const path = require('node:path');
const { Readable, pipeline } = require('node:stream');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

// 64-bit numbers become strings, as a number of JavaScript holds 53 bits; enums become their names. An optional field
// that was not sent is not there, a message that was not sent is null, and `event` names which field of a oneof was.
const OPTIONS = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
const PROTOS = process.env.ANTIPHON_PROTOS ?? path.join(__dirname, '..', '..', 'protos');
const GOOGLE = path.dirname(require.resolve('google-proto-files/package.json')); // has google/rpc/*.proto
const FILES = ['analysis', 'essentia', 'generation', 'llm_audio', 'separation', 'speech', 'status'].map(
  (name) => `antiphon/${name}/v1/${name}_service.proto`,
);
const definition = protoLoader.loadSync([...FILES, 'google/rpc/error_details.proto'], {
  ...OPTIONS,
  includeDirs: [PROTOS, GOOGLE],
});

// A record with every word of hours of speech outgrows the 4 MiB that gRPC takes where nothing else is said.
const CHANNEL = { 'grpc.max_receive_message_length': 64 * 1024 * 1024 };

/** Gives the client of a service by its full name, such as antiphon.speech.v1.SpeechService. */
function connect(service, target, options = {}, credentials = grpc.credentials.createInsecure()) {
  const Client = grpc.makeClientConstructor(definition[service], service);
  return new Client(target, credentials, { ...CHANNEL, ...options });
}

async function* requests(config, pieces) {
  yield { config };
  let byte_offset = 0;
  for await (const data of pieces) {
    yield { chunk: { data, byte_offset, crc32c: crc32c(data) } };
    byte_offset += data.length;
  }
  yield { chunk: { byte_offset, last: true } };
}

/** Sends a config and pieces of audio (of 256 KiB, at most 1 MiB) as fast as they are taken; gives the call to read. */
function upload(call, config, pieces) {
  pipeline(Readable.from(requests(config, pieces)), call, (error) => error && call.cancel());
  return call;
}

/** Gives what an error of a call says: its code, the reason to branch on, and the rest of its google.rpc details. */
function failure(error) {
  const [status] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const details = status ? definition['google.rpc.Status'].deserialize(status).details : [];
  const find = (name) => {
    const any = details.find((each) => each.type_url.endsWith(`/${name}`));
    return any && definition[name].deserialize(any.value);
  };
  const info = find('google.rpc.ErrorInfo');
  return {
    code: grpc.status[error.code],
    message: error.details,
    reason: info?.reason ?? '',
    metadata: info?.metadata ?? {},
    field: find('google.rpc.BadRequest')?.field_violations[0]?.field ?? '',
    retry_after_seconds: seconds(find('google.rpc.RetryInfo')?.retry_delay),
  };
}

/** Puts the chunks of one stem together, each held to its place and its checksum. */
class Stream {
  #pieces = [];
  #length = 0;

  add({ data, byte_offset, crc32c: sent }) {
    if (Number(byte_offset) !== this.#length)
      throw new Error(`a chunk at ${byte_offset} follows ${this.#length} bytes`);
    if (sent !== undefined && sent !== crc32c(data)) throw new Error(`the chunk at ${byte_offset} is damaged`);
    this.#pieces.push(data);
    this.#length += data.length;
  }

  /** All bytes, with what only the end could tell written into their header. */
  file(patches = []) {
    const whole = Buffer.concat(this.#pieces);
    for (const { byte_offset, data } of patches) data.copy(whole, Number(byte_offset));
    return whole;
  }
}

/** Gives a google.protobuf.Duration in seconds; undefined for one that was not sent. */
function seconds(duration) {
  return duration ? Number(duration.seconds) + duration.nanos / 1e9 : undefined;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli), which is not the CRC-32 of zlib. */
function crc32c(data) {
  let value = 0xffffffff;
  for (const byte of data) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

module.exports = { OPTIONS, Stream, connect, crc32c, failure, seconds, upload };
