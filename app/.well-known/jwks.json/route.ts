import { respondWithKeySet } from "@/server/auth/tokens/key-set";

export const dynamic = "force-dynamic";

export function GET(request: Request): Response {
  return respondWithKeySet(request.headers.get("if-none-match"), new Date());
}
