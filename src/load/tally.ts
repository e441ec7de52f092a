import { build } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';

/** Everything counted during one load. */
export class Tally {
  sent = 0;
  accepted = 0;
  acceptedWithoutId = 0;
  refused = 0;
  timedOut = 0;
  abandoned = 0;
  reconnects = 0;
  unmatchedResponses = 0;
  repeatedIds = 0;
  /** distinct ids, whether or not their response is there */
  receipts = 0;
  duplicateReceipts = 0;
  misaddressedReceipts = 0;
  mobileOriginated = 0;
  firstSentMs = 0;
  lastEventMs = 0;
  readonly errors = new Map<number, number>();
  readonly responseMicros = histogram();
  readonly receiptMicros = histogram();

  refuse(status: number): void {
    this.refused++;
    this.errors.set(status, (this.errors.get(status) ?? 0) + 1);
  }
}

function histogram(): Histogram {
  return build({ highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3, autoResize: true });
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

export function percentilesMs(micros: Histogram): Percentiles {
  const at = (percentile: number): number => micros.getValueAtPercentile(percentile) / 1000;
  const max = micros.totalCount === 0 ? 0 : micros.maxValue / 1000;
  return { p50: at(50), p95: at(95), p99: at(99), p999: at(99.9), max };
}
