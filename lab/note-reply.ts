import type { Asked } from "./asked";
import { clearsSession } from "./jar";
import { describe, type Reply } from "./reply";
import type { World } from "./world";

/** Counts a reply, times it in calm times, and holds against it what no answer may do. */
export function noteReply({ tally, isCalm }: World, asked: Asked, reply: Reply): void {
  tally.add("requests");
  if (reply.kind === "lost") return tally.add(reply.why === "late" ? "replies too late to count" : "lost replies");
  const { answer } = reply;
  if (reply.kind === "unavailable") tally.fail(describe(answer));
  tally.expect("no fault", answer.status !== 500, () => `${asked.path}: ${describe(answer)}`);
  const mayClear = reply.kind === "signed out" || asked.isMutation === true || asked.path.startsWith("/login");
  tally.expect(
    "cookies kept",
    mayClear || !clearsSession(answer.setCookies),
    () => `${asked.path}: ${describe(answer)}`,
  );
  if (reply.kind !== "fine" || asked.fate !== undefined || asked.isMutation || !isCalm) return;
  if (answer.setCookies.length > 0) tally.milliseconds.refresh.push(answer.milliseconds);
  else if (asked.path.startsWith("/api/")) tally.milliseconds.call.push(answer.milliseconds);
}
