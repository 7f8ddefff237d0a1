/** Integers beyond 2^53, which a double would change, are read as their digits. */
export const wideColumn = (name: string) =>
  `CASE WHEN ${name} BETWEEN -9007199254740991 AND 9007199254740991 THEN ${name} ELSE CAST(${name} AS TEXT) END AS ${name}`;
