/** What is wrong with the address that this page was opened at, and where it works. Null if it is the app's own. */
export function wrongAddress(appOrigin: string): { message: string; link: { href: string; text: string } } | null {
  if (location.origin === appOrigin) return null;
  const href = new URL(location.pathname + location.search + location.hash, appOrigin).href;
  return {
    message: `This page was opened at ${location.origin}, but this app can only be used at ${appOrigin}.`,
    link: { href, text: "Open this page there" },
  };
}

/** For a request that was taken for another site's though its page was opened at the right address. */
export const ORIGIN_CHANGED_MESSAGE =
  "The server took this request for one of another site. A browser extension or a proxy changes or removes its Origin header: switch the extension off, or tell whoever runs this site.";
