"use client";

import { useSyncExternalStore } from "react";

const TICK_MS = 5_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

/** The current time, updated every few seconds by one timer for the whole page; null during server rendering. */
export function useNow(): number | null {
  return useSyncExternalStore(subscribe, readClock, onServer);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick() {
  now = Date.now();
  for (const listener of listeners) listener();
}

const readClock = () => now;
const onServer = () => null;
