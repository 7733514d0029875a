/** Headers that the entry adds to a request for the app. It removes them from client requests, so that they cannot be spoofed. */

/** The canonical client address. */
export const ADDRESS_HEADER = "x-portcullis-address";
/** Path and query as the address bar shows them, without the parameters that the client-side router adds. */
export const PATH_HEADER = "x-portcullis-path";
/** A `RequestKind`. */
export const KIND_HEADER = "x-portcullis-kind";
