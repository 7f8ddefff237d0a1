/** A failure that is explained by its text alone: one line that names the cause and the remedy, and no trace. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
