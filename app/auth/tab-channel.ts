/** Messages between the tabs of one browser. A tab does not receive its own. */
export type TabMessage = { kind: "signed-in"; userId: string } | { kind: "signed-out" };

/** One channel for sending and receiving, because a second one in this tab would receive its messages. Null if unavailable. */
let openedChannel: BroadcastChannel | null | undefined;

export function postToTabs(message: TabMessage): void {
  channel()?.postMessage(message);
}

/** Returns a function that unsubscribes. */
export function onTabMessage(listener: (message: TabMessage) => void): () => void {
  const onMessage = (event: MessageEvent<TabMessage>) => listener(event.data);
  channel()?.addEventListener("message", onMessage);
  return () => channel()?.removeEventListener("message", onMessage);
}

/** If the browser blocks it, each tab learns of a change with its next page or call. */
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
