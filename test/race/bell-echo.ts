/** The other thread of ring.test.ts: sends every record back, asleep on its doorbell in between. */
import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell, StepLoop } from '../../src/core/ring/idle.ts';
import { RingReader, RingWriter } from '../../src/core/ring/ring.ts';

interface Ends {
  there: SharedArrayBuffer;
  back: SharedArrayBuffer;
  bellThere: SharedArrayBuffer;
  bellBack: SharedArrayBuffer;
}

const { there, back, bellThere, bellBack } = workerData as Ends;
const reader = new RingReader(there);
const writer = new RingWriter(back, new Doorbell(bellBack));

const loop = new StepLoop(
  new Doorbell(bellThere),
  () => {
    const taken = reader.read(() => {
      writer.claim(16);
      writer.commit();
      return true;
    }, 100);
    writer.publish();
    return taken;
  },
  () => !reader.isEmpty(),
);
// A wait on shared memory does not keep a thread alive; its port does.
parentPort?.on('message', () => undefined);
loop.start();
parentPort?.postMessage('ready');
