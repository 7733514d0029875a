"use client";

import { useSyncExternalStore } from "react";

/** False in the server's markup and until React has attached its event handlers: a click before that has no effect. */
export function useHydrated(): boolean {
  return useSyncExternalStore(subscribeToNothing, inBrowser, onServer);
}

const subscribeToNothing = () => () => {};
const inBrowser = () => true;
const onServer = () => false;
