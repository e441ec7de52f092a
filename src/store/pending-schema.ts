/** The tables of the pending store. */

/** An SMSC's id without what its receipts may have otherwise: letter case and leading zeros (core/smsc-id.ts). */
export const NORMAL_ID = "ltrim(lower(smsc_id), '0')";

/** `awaiting`: the kind of the rows that are looked up by the SMSC's id. */
export function schemaOf(awaiting: number): string {
  return `
  CREATE TABLE IF NOT EXISTS pending (
    id_high INTEGER NOT NULL, id_low INTEGER NOT NULL, kind INTEGER NOT NULL, key INTEGER NOT NULL,
    due INTEGER NOT NULL, smsc_id BLOB, smsc INTEGER NOT NULL, blob BLOB NOT NULL,
    PRIMARY KEY (id_high, id_low)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX IF NOT EXISTS pending_order ON pending (kind, key, id_high, id_low);
  CREATE INDEX IF NOT EXISTS pending_due ON pending (kind, key, due, id_high, id_low) WHERE due > 0;
  DROP INDEX IF EXISTS pending_awaiting;
  CREATE INDEX IF NOT EXISTS pending_similar ON pending (smsc, ${NORMAL_ID}) WHERE kind = ${awaiting};
  CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), settled INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO progress VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS indexes (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO indexes VALUES (1, 0);
  `;
}
