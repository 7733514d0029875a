/** An error that the user can fix. Shown as its message, without a stack trace. */
export class UserError extends Error {}
