/** Icon and name; screen readers read only the name. */
export function Logo({ className = "" }: { className?: string }) {
  return (
    <span className={`inline-flex items-center gap-2.5 ${className}`}>
      <svg viewBox="0 0 24 24" className="size-7 flex-none" aria-hidden="true">
        <path className="fill-accent" d="M2 24V11a10 10 0 0 1 20 0v13z" />
        <path
          className="fill-on-accent"
          d="M6 9h12v1.6H6zM6 14h12v1.6H6zM6.2 6h1.8v12.4l-.9 2.2-.9-2.2zM11.1 4.4h1.8v14l-.9 2.2-.9-2.2zM16 6h1.8v12.4l-.9 2.2-.9-2.2z"
        />
      </svg>
      <span className="plate text-lg">Portcullis</span>
    </span>
  );
}
