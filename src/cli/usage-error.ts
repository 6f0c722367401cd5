/**
 * The user of the command asked for something that cannot be done: exit code 1.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
