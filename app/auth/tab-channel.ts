/** What the tabs of one browser tell each other. A tab does not hear itself. */
export type TabMessage = { kind: "signed-in"; userId: string } | { kind: "signed-out" };

/** One for both directions: a second channel in the same tab would hear what the first one says. Null if there can be none. */
let openedChannel: BroadcastChannel | null | undefined;

export function postToTabs(message: TabMessage): void {
  channel()?.postMessage(message);
}

/** Returns what ends the listening. */
export function onTabMessage(listener: (message: TabMessage) => void): () => void {
  const onMessage = (event: MessageEvent<TabMessage>) => listener(event.data);
  channel()?.addEventListener("message", onMessage);
  return () => channel()?.removeEventListener("message", onMessage);
}

/** Where a browser blocks it, each tab learns of a change from the server with its next page or call. */
function channel(): BroadcastChannel | null {
  if (openedChannel === undefined) {
    try {
      openedChannel = new BroadcastChannel("portcullis");
    } catch {
      openedChannel = null;
    }
  }
  return openedChannel;
}
