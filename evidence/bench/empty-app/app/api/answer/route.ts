/** A call without any work: a response of the size of `auth.session`. */
const ANSWER = { result: { data: { user: {}, session: {}, padding: "x".repeat(300) } } };

export function GET(): Response {
  return Response.json(ANSWER);
}
