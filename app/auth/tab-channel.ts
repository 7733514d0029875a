/** What the tabs of one browser tell each other. A tab does not hear itself. */
export type TabNews = { kind: "signed-in"; userId: string } | { kind: "signed-out" };

/** One for both directions: a second channel in the same tab would hear what the first one says. Null if there can be none. */
let opened: BroadcastChannel | null | undefined;

export function tellTabs(news: TabNews): void {
  channel()?.postMessage(news);
}

/** Returns what ends the listening. */
export function listenToTabs(hear: (news: TabNews) => void): () => void {
  const listener = (event: MessageEvent<TabNews>) => hear(event.data);
  channel()?.addEventListener("message", listener);
  return () => channel()?.removeEventListener("message", listener);
}

/** Where a browser blocks it, each tab learns of a change from the server with its next page or call. */
function channel(): BroadcastChannel | null {
  if (opened === undefined) {
    try {
      opened = new BroadcastChannel("portcullis");
    } catch {
      opened = null;
    }
  }
  return opened;
}
