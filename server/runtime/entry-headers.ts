/** What the entry says about a request. It removes these names from what comes in: nobody can choose them. */

/** The canonical client address. */
export const ADDRESS_HEADER = "x-portcullis-address";
/** Path and query as the person sees them, without what the page's router adds. */
export const PATH_HEADER = "x-portcullis-path";
/** A `RequestKind` of the gate. */
export const KIND_HEADER = "x-portcullis-kind";
