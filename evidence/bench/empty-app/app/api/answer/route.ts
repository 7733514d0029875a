/** What a call costs where nothing is done for it: the bytes of `auth.session`, made by nobody. */
const ANSWER = { result: { data: { user: {}, session: {}, padding: "x".repeat(300) } } };

export function GET(): Response {
  return Response.json(ANSWER);
}
