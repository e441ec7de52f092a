/** Requests of an SMSC that wait for their answers on one connection: deliver_sm and data_sm. */
import type { LinkWriter } from './link.ts';
import { writeDataSmResp, writeDeliverSmResp } from './pdu/deliver-sm.ts';

const RESPONSE_BYTES_MAX = 17;

export class ClientDelivers {
  /** How many wait. */
  open = 0;
  readonly #dataSequences = new Set<number>();

  onRequest(sequence: number, isData: boolean): void {
    this.open++;
    if (isData) this.#dataSequences.add(sequence);
  }

  /** Writes the response that the request with this sequence_number has in this version. */
  answer(writer: LinkWriter, sequence: number, status: number, version: number): void {
    this.open--;
    writer.reserve(RESPONSE_BYTES_MAX);
    const isData = this.#dataSequences.size > 0 && this.#dataSequences.delete(sequence);
    writer.at += isData
      ? writeDataSmResp(writer.buffer, writer.at, status, sequence, version)
      : writeDeliverSmResp(writer.buffer, writer.at, status, sequence);
  }

  /** Another connection. */
  restart(): void {
    this.open = 0;
    this.#dataSequences.clear();
  }
}
