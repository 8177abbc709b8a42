/** A mistake of the person at the command line: one line, no stack. */
export class UsageError extends Error {}
