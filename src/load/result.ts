import { ESME_RTHROTTLED, statusName } from '../smpp/constants.ts';
import type { Course } from './course.ts';
import { percentilesMs } from './tally.ts';
import type { Percentiles } from './tally.ts';

export interface LoadResult {
  sent: number;
  accepted: number;
  refused: number;
  /** refusals by the name of their command_status; includes throttled */
  errors: Record<string, number>;
  throttled: number;
  /** no answer within responseTimeoutS, or before the end */
  unanswered: number;
  /** unanswered when their connection was lost; sent again under new keys with `reconnect` */
  abandoned: number;
  reconnects: number;
  /** different ids with a receipt */
  receipts: number;
  duplicateReceipts: number;
  /** receipts for an id that no message got */
  unmatchedReceipts: number;
  /** receipts whose source address is not the destination of the message with their id */
  misaddressedReceipts: number;
  /** accepted messages without a receipt at the end */
  lostReceipts: number;
  unmatchedResponses: number;
  /** message ids given to more than one message */
  repeatedIds: number;
  mobileOriginated: number;
  /** first submit to last answer or receipt */
  seconds: number;
  msgPerSecond: number;
  /** milliseconds; under a rate from the time each message was due, flat out from one message in 16 */
  responseMs: Percentiles;
  receiptMs: Percentiles;
  /** user and system time of this process meanwhile */
  cpuSeconds: number;
  /** why the load ended early; empty when it did not */
  ended: string;
  /** what is wrong with the counts, one sentence each; empty = every message is accounted for */
  problems: string[];
}

export function makeResult(
  course: Course,
  unansweredAtEnd: number,
  cpuSeconds: number,
  ended: string,
): LoadResult {
  const { tally, matches, options } = course;
  const seconds = (tally.lastEventMs - tally.firstSentMs) / 1000;
  const matched = course.matchedReceipts();
  const finished = options.receipts ? matched : tally.accepted + tally.refused;
  const errors: Record<string, number> = {};
  for (const [status, count] of tally.errors) errors[statusName(status)] = count;
  const lost = options.receipts ? tally.accepted - tally.acceptedWithoutId - tally.repeatedIds - matched : 0;
  const result: LoadResult = {
    sent: tally.sent,
    accepted: tally.accepted,
    refused: tally.refused,
    errors,
    throttled: tally.errors.get(ESME_RTHROTTLED) ?? 0,
    unanswered: tally.timedOut + unansweredAtEnd,
    abandoned: tally.abandoned,
    reconnects: tally.reconnects,
    receipts: tally.receipts,
    duplicateReceipts: tally.duplicateReceipts,
    unmatchedReceipts: matches.early,
    misaddressedReceipts: tally.misaddressedReceipts,
    lostReceipts: lost,
    unmatchedResponses: tally.unmatchedResponses,
    repeatedIds: tally.repeatedIds,
    mobileOriginated: tally.mobileOriginated,
    seconds,
    msgPerSecond: seconds > 0 ? Math.round(finished / seconds) : 0,
    responseMs: percentilesMs(tally.responseMicros),
    receiptMs: percentilesMs(tally.receiptMicros),
    cpuSeconds,
    ended,
    problems: [],
  };
  result.problems = problemsOf(result, course);
  return result;
}

/**
 * A reconnect excuses what at-least-once delivery allows: repeats, and receipts of answers that were lost.
 */
function problemsOf(result: LoadResult, course: Course): string[] {
  const problems: string[] = [];
  const expect = (count: number, what: string): void => {
    if (count !== 0) problems.push(`${count} ${what}`);
  };
  if (result.ended !== '') problems.push(result.ended);
  const { target, stopped } = course;
  if (!stopped && target !== Infinity) expect(target - result.sent, 'messages not sent');
  expect(result.unanswered, 'submits without an answer');
  expect(result.lostReceipts, 'receipts lost');
  expect(result.unmatchedResponses, 'responses to no submit');
  expect(result.repeatedIds, 'message ids given twice');
  expect(result.misaddressedReceipts, 'receipts from a wrong address');
  if (course.options.reconnect && result.reconnects > 0) return problems;
  expect(result.abandoned, 'submits unanswered on a lost connection');
  expect(result.duplicateReceipts, 'receipts repeated');
  if (!course.options.foreignReceipts) expect(result.unmatchedReceipts, 'receipts of unknown messages');
  return problems;
}
