import { z } from "zod";

/** The sessions of a user that had ended: all that were opened by then, but one. */
export interface LoggedEnding {
  userId: string;
  openedBy: Date;
  keptId: string | null;
  reason: string;
}

/** What a security log says about revocations. */
export class LoggedRevocations {
  /** Session id → reason. */
  readonly sessions = new Map<string, string>();
  readonly endings: LoggedEnding[] = [];
  /** Users with a new password. The log contains none, so that this cannot be repeated. */
  readonly passwordUserIds = new Set<string>();
  /** Lines of the app's log. */
  entries = 0;
  /** Events of a revocation without the ids that are needed. */
  incomplete = 0;

  constructor(private readonly since: Date) {}

  /** Other text is ignored, also before the JSON: `docker compose logs` begins each line with a name. */
  add(line: string): void {
    const parsed = ENTRY.safeParse(jsonIn(line));
    if (!parsed.success) return;
    this.entries += 1;
    if (parsed.data.time < this.since || !EVENTS.has(parsed.data.event ?? "")) return;
    const event = REVOCATION.safeParse(parsed.data);
    if (event.success) this.#record(event.data);
    else this.incomplete += 1;
  }

  #record(event: z.infer<typeof REVOCATION>): void {
    switch (event.event) {
      case "session-ended":
        this.sessions.set(event.sessionId, event.reason);
        return;
      case "session-replayed":
        this.sessions.set(event.sessionId, "replayed");
        return;
      case "logout-pending":
        for (const id of event.sessionIds) this.sessions.set(id, event.reason);
        if (event.userId !== undefined && event.openedBy !== undefined) this.#end(event, null, event.reason);
        return;
      case "all-sessions-ended":
        return this.#end(event, null, event.reason);
      case "other-sessions-ended":
        return this.#end(event, event.sessionId, event.reason);
      case "password-changed":
        this.passwordUserIds.add(event.userId);
        return this.#end(event, event.sessionId, "password changed");
      case "password-reset":
        this.passwordUserIds.add(event.userId);
    }
  }

  #end(event: { userId?: string; openedBy?: Date; time: Date }, keptId: string | null, reason: string): void {
    // Lines of older versions have no `openedBy`.
    this.endings.push({ userId: event.userId!, openedBy: event.openedBy ?? event.time, keptId, reason });
  }
}

const id = z.uuid();
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const ENTRY = z.looseObject({ level: z.string(), time: instant, msg: z.string(), event: z.string().optional() });
const time = z.date();
const openedBy = instant.optional();

/** In the events of a user `sessionId` is the session that stays; in `all-sessions-ended` it only says who asked. */
const REVOCATION = z.discriminatedUnion("event", [
  z.object({ event: z.literal("session-ended"), time, sessionId: id, reason: z.string() }),
  z.object({ event: z.literal("session-replayed"), time, sessionId: id }),
  z.object({
    event: z.literal("logout-pending"),
    time,
    sessionIds: z.array(id),
    userId: id.optional(),
    openedBy,
    reason: z.string(),
  }),
  z.object({ event: z.literal("all-sessions-ended"), time, userId: id, openedBy, reason: z.string() }),
  z.object({ event: z.literal("other-sessions-ended"), time, userId: id, openedBy, sessionId: id, reason: z.string() }),
  z.object({ event: z.literal("password-changed"), time, userId: id, openedBy, sessionId: id }),
  z.object({ event: z.literal("password-reset"), time, userId: id }),
]);
const EVENTS = new Set<string>(REVOCATION.options.map(({ shape }) => shape.event.value));

function jsonIn(line: string): unknown {
  const start = line.indexOf("{");
  if (start < 0) return null;
  try {
    return JSON.parse(line.slice(start));
  } catch {
    return null;
  }
}
