/**
 * Gives the kernel's page cache back what the ledger put there. A segment is written once and read again only by
 * recovery and by people, but what is written stays in the cache until memory runs short.
 *
 * Measured on a virtual machine whose host takes freed memory back: a page that the cache takes for the first time
 * costs 9 microseconds there, one that was given back a moment ago 0.7. At 360,000 messages a second that was a
 * third of a core, and it made commits half as long again (docs/benchmarks.md). Elsewhere it leaves the cache to
 * those who read.
 *
 * Node.js has no posix_fadvise, so coreutils' dd says it (`iflag=nocache count=0`: drop the file's pages, read
 * nothing). A shell that lives as long as its shard starts it: forking the daemon itself would stop the shard for
 * milliseconds. Pages that are not on disk yet stay, so nothing can be lost by it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

const LOOP = 'while IFS= read -r file; do dd if="$file" iflag=nocache count=0 status=none || exit 1; done';
/** More requests than this that the helper has not read yet: it hangs, and is left alone. */
const UNREAD_BYTES_MAX = 4_096;

export class PageCache {
  readonly #helper: ChildProcess;
  #works = true;

  /** `onFailure` is told, once, why pages are not given back; nothing else depends on it. */
  constructor(onFailure: (why: string) => void) {
    // Detached: a terminal's Ctrl-C is the daemon's to hear; the helper ends when its input does, also after SIGKILL.
    const helper = spawn('sh', ['-c', LOOP], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    this.#helper = helper;
    let said = '';
    const fail = (why: string): void => {
      if (this.#works) onFailure(why);
      this.#works = false;
    };
    helper.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-300)));
    helper.stdin?.on('error', (error) => fail(error.message));
    helper.on('error', (error) => fail(error.message));
    helper.on('close', (code) => fail(said.trim() || `the helper ended with ${code}`));
    // It must not keep a thread alive that is done otherwise.
    helper.unref();
  }

  /** The pages of the file that are on disk leave the cache, some milliseconds later. */
  release(path: string): void {
    const { stdin } = this.#helper;
    if (!this.#works || stdin === null || stdin.writableLength > UNREAD_BYTES_MAX) return;
    stdin.write(`${path}\n`);
  }

  close(): void {
    this.#works = false;
    this.#helper.stdin?.end();
  }
}
