export type GatePosition = "down" | "half" | "up";

/** Decoration, hidden from screen readers. */
export function Gate({ position, className = "" }: { position: GatePosition; className?: string }) {
  return (
    <div className={`gate ${className}`} data-position={position} aria-hidden="true">
      <div className="gate-opening">
        <div className="gate-orb" />
        <div className="gate-far" />
        <div className="gate-near" />
        <Grille />
      </div>
    </div>
  );
}

/** Large enough to fill the opening at every size. */
function Grille() {
  return (
    <svg className="gate-grille" viewBox="0 0 1280 1596">
      <pattern id="gate-cell" width="64" height="78" patternUnits="userSpaceOnUse">
        <path className="gate-iron" d="M0 33h64v12H0zM26 0h12v78H26z" />
        <path className="gate-lit" d="M0 33h26v3H0zM38 33h26v3H38zM26 0h3v78h-3z" />
        <circle className="gate-rivet" cx="32" cy="39" r="3" />
      </pattern>
      <pattern id="gate-point" width="64" height="48" patternUnits="userSpaceOnUse">
        <path className="gate-iron" d="M20.5 0h23L32 36z" />
        <path className="gate-lit" d="M20.5 0h3.5L32 36z" />
      </pattern>
      <rect width="1280" height="1560" fill="url(#gate-cell)" />
      <g transform="translate(0 1560)">
        <rect width="1280" height="36" fill="url(#gate-point)" />
      </g>
    </svg>
  );
}

/** The top border of private pages. */
export function RaisedGate() {
  return (
    <svg className="block h-4.5 w-full" aria-hidden="true">
      <pattern id="raised-gate" width="28" height="24" patternUnits="userSpaceOnUse">
        <path className="gate-raised" d="M0 0h28v5H0zM9.5 5h9L14 18z" />
      </pattern>
      <rect width="100%" height="18" fill="url(#raised-gate)" />
    </svg>
  );
}
