/** The built-in SMSC simulator of the demo, on a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { startSimulator } from '../sim/simulator.ts';

const { host, port } = workerData as { host: string; port: number };
const simulator = await startSimulator({ host, port, receiptDelayMs: { min: 500, max: 1500 } });
parentPort?.postMessage({ port: simulator.port });
