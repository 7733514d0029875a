const ROWS = ["one", "two", "three"];

/** As tall as the loaded list, so that the layout does not shift. */
export function DeviceSkeleton() {
  return (
    <div role="status">
      <span className="sr-only">Loading your devices…</span>
      {ROWS.map((row) => (
        <div key={row} className="flex min-h-[6.6rem] items-start gap-4 border-t border-line py-6 sm:gap-6">
          <span className="skeleton size-12 flex-none" />
          <span className="grow">
            <span className="skeleton mt-1 h-5 w-48 max-w-full" />
            <span className="skeleton mt-3.5 h-4 w-96 max-w-full" />
          </span>
        </div>
      ))}
    </div>
  );
}
