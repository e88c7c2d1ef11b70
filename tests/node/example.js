// node example.js song.wav [127.0.0.1:50050]: analyses a recording, and writes its stems beside it.
'use strict';

const fs = require('node:fs');
const antiphon = require('./antiphon');

async function main(path, target = '127.0.0.1:50050') {
  const gateway = antiphon.connect('antiphon.analysis.v1.AnalysisService', target);
  const config = { stages: ['separation', 'essentia'], return_stems: true };
  const audio = fs.createReadStream(path, { highWaterMark: 256 * 1024 });
  const call = antiphon.upload(gateway.Analyze({ deadline: Date.now() + 600_000 }), config, audio);
  const stems = {};
  for await (const answer of call) {
    switch (answer.event) {
      case 'progress': {
        const { stage, progress } = answer.progress;
        if (progress.fraction !== undefined) console.error(`${stage}: ${Math.round(100 * progress.fraction)} %`);
        break;
      }
      case 'stem_chunk': {
        const { stem, chunk } = answer.stem_chunk;
        (stems[stem] ??= new antiphon.Stream()).add(chunk);
        break;
      }
      case 'separation':
        for (const { name, patches } of answer.separation.stems)
          fs.writeFileSync(`${path}.${name}.flac`, stems[name].file(patches));
        break;
      case 'record':
        console.log(`${answer.record.fusion.tempo?.bpm} BPM, ${antiphon.seconds(answer.record.source.duration)} s`);
    }
  }
}

main(...process.argv.slice(2)).catch((error) => {
  const { code, reason, message } = antiphon.failure(error);
  console.error(code ? `${code} ${reason}: ${message}` : error);
  process.exitCode = 1;
});
