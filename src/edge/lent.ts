/** Receipts that the shards lent to this edge and that their ESME has not answered yet: rows over typed arrays. */
export class LentReceipts {
  shard = new Uint8Array(FIRST);
  slot = new Uint32Array(FIRST);
  idHigh = new Uint32Array(FIRST);
  idLow = new Uint32Array(FIRST);
  account = new Uint16Array(FIRST);
  used = 0;
  #next = new Int32Array(FIRST);
  #free = -1;
  #fresh = 0;

  add(shard: number, slot: number, idHigh: number, idLow: number, account: number): number {
    let index = this.#free;
    if (index >= 0) this.#free = this.#next[index];
    else {
      if (this.#fresh === this.#next.length) this.#grow();
      index = this.#fresh++;
    }
    this.shard[index] = shard;
    this.slot[index] = slot;
    this.idHigh[index] = idHigh;
    this.idLow[index] = idLow;
    this.account[index] = account;
    this.used++;
    return index;
  }

  remove(index: number): void {
    this.#next[index] = this.#free;
    this.#free = index;
    this.used--;
  }

  /** Bounded by the receipt windows of the sessions that this edge serves. */
  #grow(): void {
    const length = this.#next.length * 2;
    this.shard = grown(this.shard, new Uint8Array(length));
    this.slot = grown(this.slot, new Uint32Array(length));
    this.idHigh = grown(this.idHigh, new Uint32Array(length));
    this.idLow = grown(this.idLow, new Uint32Array(length));
    this.account = grown(this.account, new Uint16Array(length));
    this.#next = grown(this.#next, new Int32Array(length));
  }
}

const FIRST = 1024;

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
