import type { HttpEngine } from './engine.ts';
import { nodeEngine } from './engine-node.ts';
import { loadUws } from './engine-uws.ts';

/** Which of the three ways to serve HTTP is in use, fastest first. */
export type HttpRung = 'uws' | 'uws-relaxed' | 'node';

export interface ChosenEngine {
  readonly engine: HttpEngine;
  readonly rung: HttpRung;
  /** Why a faster rung is not in use; empty when the first one is, or when node was asked for. */
  readonly reason: string;
}

/** `auto` takes the first rung that serves here; `uws` rejects when neither of its rungs does. */
export async function chooseEngine(wanted: 'auto' | 'uws' | 'node'): Promise<ChosenEngine> {
  if (wanted === 'node') return { engine: nodeEngine, rung: 'node', reason: '' };
  try {
    const { engine, rung } = await loadUws();
    return {
      engine,
      rung,
      reason: rung === 'uws' ? '' : 'the shipped uWebSockets.js binary does not load here',
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (wanted === 'uws') throw new Error(`http.engine = "uws": ${reason}`, { cause: error });
    return { engine: nodeEngine, rung: 'node', reason };
  }
}
