import { describe, expect, test } from 'vitest';
import { messageText } from '../../src/cdr/message-text.ts';

const read = (dataCoding: number, esmClass: number, hex: string) =>
  messageText(dataCoding, esmClass, Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('messageText', () => {
  test.each([
    [0x00, '48690011 1b65', { charset: 'gsm', text: 'Hi@_€' }],
    [0x01, '40', { charset: 'ascii', text: '@' }],
    [0x03, 'e9', { charset: 'latin1', text: 'é' }],
    [0x06, 'bfe0d8d2d5e2', { charset: 'iso-8859-5', text: 'Привет' }],
    [0x07, 'f9ece5ed', { charset: 'iso-8859-8', text: 'שלום' }],
    [0x08, 'd83dde00', { charset: 'ucs2', text: '😀' }],
    [0x18, '0436', { charset: 'ucs2', text: 'ж' }],
    [0x10, '00', { charset: 'gsm', text: '@' }],
    [0xf1, '00', { charset: 'gsm', text: '@' }],
    [0xc8, '00', { charset: 'gsm', text: '@' }],
    // Half a unit, octets, and alphabets that are not served.
    [0x08, '04', { charset: 'binary', text: '04' }],
    [0x04, '00ff', { charset: 'binary', text: '00ff' }],
    [0xf5, '00ff', { charset: 'binary', text: '00ff' }],
    [0x05, '3021', { charset: 'binary', text: '3021' }],
  ])('data_coding 0x%s: %s', (dataCoding, hex, expected) => {
    expect(read(dataCoding, 0, hex)).toEqual(expected);
  });

  test('reads through the shift tables of its header', () => {
    expect(read(0, 0x40, '03 24 01 01 1b67 1b73 1b69')).toEqual({
      charset: 'gsm',
      text: 'ğşı',
      userDataHeader: '03240101',
    });
    // TS 23.038 A.3.6: Hindi na-ma-s-te is 2f 42 4c 5f 27 59.
    expect(read(0, 0x40, '08 00 03 2a 02 01 25 01 06 2f424c5f2759')).toEqual({
      charset: 'gsm',
      text: 'नमस्ते',
      userDataHeader: '0800032a0201250106',
    });
  });

  test('a header that is not whole is shown as text', () => {
    expect(read(0, 0x40, '05 00 03')).toEqual({ charset: 'gsm', text: 'é@¥' });
  });

  test('data_coding 0 as the peer means it', () => {
    expect(messageText(0, 0, Buffer.from('é'), 'utf8')).toEqual({ charset: 'utf8', text: 'é' });
    expect(messageText(0, 0, Buffer.from([0xe9]), 'latin1')).toEqual({ charset: 'latin1', text: 'é' });
  });
});
