import * as smpp from '../../constants.ts';
import { reportedTime } from '../fields.ts';
import { grammar, type PduHead } from '../grammar.ts';
import { messageId, octet, sourceAddr } from '../named-fields.ts';

/**
 * query_sm (v3.4 section 4.8.1) and its response (4.8.2):
 *
 *  message_id C65 (C9 in 3.3) | source_addr_ton 1, _npi 1, source_addr C21
 *
 *  message_id C65 (C9) | final_date C1|13|17 | message_state 1 | error_code 1
 */
export interface QuerySm extends PduHead {
  command: 'query_sm';
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
}

/** A field is null where the body ends before it. */
export interface QuerySmResp extends PduHead {
  command: 'query_sm_resp';
  messageId: string | null;
  /** Empty while the state is not final. */
  finalDate: string | null;
  messageState: number | null;
  errorCode: number | null;
}

export const QUERY_SM_GRAMMARS = [
  grammar<QuerySm>(smpp.QUERY_SM, 'query_sm', {
    messageId,
    sourceAddrTon: octet,
    sourceAddrNpi: octet,
    sourceAddr,
  }),
  grammar<QuerySmResp>(smpp.QUERY_SM_RESP, 'query_sm_resp', {
    messageId,
    finalDate: reportedTime(),
    messageState: octet,
    errorCode: octet,
  }),
];
