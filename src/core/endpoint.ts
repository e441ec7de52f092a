/** `192.0.2.1:2775`, `[2001:db8::1]:2775`; an IPv4 address in IPv6 form is written as the former. */
export function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined || address === '' || port === undefined) return '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return `${mapped[1]}:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
