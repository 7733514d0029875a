/** What the tabs of one browser tell each other. A tab does not hear itself. */
export type TabNews = { kind: "signed-in"; userId: string } | { kind: "signed-out" } | { kind: "changing" };

const NAME = "portcullis";

export function tellTabs(news: TabNews): void {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(news);
  channel.close();
}

/** Returns what ends the listening. */
export function listenToTabs(hear: (news: TabNews) => void): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: MessageEvent<TabNews>) => hear(event.data);
  return () => channel.close();
}
