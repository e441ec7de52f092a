/** What an outbound bind asks of its owner. `B` is the bind itself. */
export interface HandlerOf<B> {
  onBound(bind: B): void;
  /** The link is gone; whatever is in `bind.window` was not answered. */
  onDown(bind: B, why: string): void;
  /** A submit_sm_resp, data_sm_resp or generic_nack for `slot`; the PDU is bytes [start, end). */
  onSubmitResponse(bind: B, slot: number, status: number, bytes: Buffer, start: number, end: number): void;
  /** One that matches nothing in the window: late, repeated or made up. */
  onUnmatched(bind: B, sequence: number, status: number, bytes: Buffer, start: number, end: number): void;
  /**
   * The answer to `operate(..., token, ...)`: the response, or a generic_nack in its place. Where none came within
   * response_timeout_s, or the link went down first, `status` is NO_RESPONSE and the range empty.
   */
  onOperationResponse(
    bind: B,
    token: number,
    status: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  /**
   * A deliver_sm or data_sm, as its command_id says; the handler answers it with `answerDeliver`. False stops the
   * reading until `resume`.
   */
  onDeliver(bind: B, bytes: Buffer, start: number, end: number): boolean;
  /** An alert_notification; it has no answer. */
  onAlert(bind: B, bytes: Buffer, start: number, end: number): void;
  /** congestion_state in a response of a 5.0 SMSC: 0 idle to 100 congested. */
  onCongestion(bind: B, state: number): void;
  /** A chunk was read to its end: commit and write what gathered. */
  onRead(bind: B): void;
  now(): number;
}
