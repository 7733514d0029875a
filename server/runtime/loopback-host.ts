export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Browsers resolve every name below "localhost" to this machine. */
export function isLocalHost(hostname: string): boolean {
  return isLoopbackHost(hostname) || hostname.endsWith(".localhost");
}
