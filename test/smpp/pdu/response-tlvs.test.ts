import { describe, expect, test } from 'vitest';
import {
  congestionState,
  deliveryFailureReason,
  findResponseTlv,
} from '../../../src/smpp/pdu/response-tlvs.ts';
import { shiftedInto } from '../../support/messages.ts';
import { oracleEncode } from '../../support/oracle.ts';
import { vectorNamed } from '../../support/vectors.ts';

const NETWORK_ERROR_CODE = 0x0423;

describe('the forms that error responses have', () => {
  const reason = '04250001';
  const error = '0423000303001b';
  test.each([
    ['a header alone', '', -1],
    ['a lone NUL', '00', -1],
    ['a message_id', '3041303030303030413344333233413100', -1],
    ['NUL and TLVs', `00${error}${reason}03`, 3],
    ['a message_id and TLVs', `41424300${error}${reason}02`, 2],
    ['TLVs alone', `${reason}01${error}`, 1],
    ['TLVs alone, the reason last', `${error}${reason}00`, 0],
    ['a reason of two octets', '00042500020001', -1],
    ['TLVs that are cut short', `00${error}042500`, -1],
    ['a message_id without NUL', '414243', -1],
  ])('%s', (_name, body, expected) => {
    const pdu = Buffer.from(`00000000800000040000000000000001${body}`, 'hex');
    const { b, start, end } = shiftedInto(pdu, 7);
    expect(deliveryFailureReason(b, start, end)).toBe(expected);
  });
});

test('the failed transaction of the vectors', () => {
  const { bytes } = vectorNamed('submit_sm_resp_v50_transaction_fail');
  expect(deliveryFailureReason(bytes, 0, bytes.length)).toBe(3);
  const at = findResponseTlv(bytes, 0, bytes.length, NETWORK_ERROR_CODE);
  expect(bytes.toString('hex', at, at + bytes.readUInt16BE(at - 2))).toBe('03001b');
});

test('congestion_state, as another codec writes it and as in the vectors', () => {
  const pdu = oracleEncode('submit_sm_resp', { message_id: '1a2b', congestion_state: 91 });
  expect(congestionState(pdu, 0, pdu.length)).toBe(91);
  const { bytes } = vectorNamed('bind_transceiver_resp_ok_v50');
  expect(congestionState(bytes, 0, bytes.length)).toBe(0);
  const without = oracleEncode('submit_sm_resp', { message_id: '1a2b' });
  expect(congestionState(without, 0, without.length)).toBe(-1);
});

test('nothing behind the end is read', () => {
  const pdu = oracleEncode('submit_sm_resp', { message_id: '1a2b', congestion_state: 91 });
  for (let end = 16; end < pdu.length; end++) expect(congestionState(pdu, 0, end), `end ${end}`).toBe(-1);
});
