import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of this thread's heap that something still holds, memory of buffers included. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}
