/** Something that a person has to clear away. The message is the whole story: it is shown without a stack. */
export class UserError extends Error {}
