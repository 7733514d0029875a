/** What the tabs of one browser tell each other. A tab does not hear itself. */
export type TabNews = { kind: "signed-in"; userId: string } | { kind: "signed-out" } | { kind: "changing" };

/** One for both directions: a second channel in the same tab would hear what the first one says. */
let opened: BroadcastChannel | undefined;

export function tellTabs(news: TabNews): void {
  channel().postMessage(news);
}

/** Returns what ends the listening. */
export function listenToTabs(hear: (news: TabNews) => void): () => void {
  const listener = (event: MessageEvent<TabNews>) => hear(event.data);
  channel().addEventListener("message", listener);
  return () => channel().removeEventListener("message", listener);
}

function channel(): BroadcastChannel {
  return (opened ??= new BroadcastChannel("portcullis"));
}
