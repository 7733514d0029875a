import { Button } from "./button";
import { buttonClass } from "./button-class";
import { AuthLayout } from "./auth-layout";

/** Replaces a page that failed to render. The error number is the digest in the server log. */
export function ErrorScreen({ error, retry }: { error: unknown; retry: () => void }) {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : null;
  return (
    <AuthLayout gate="half">
      <div role="alert">
        <h1 className="plate text-4xl">This page could not be loaded</h1>
        <p className="mt-4 text-lg text-quiet">
          An error occurred on our side. Everything you saved is still there. Try again in a moment.
        </p>
      </div>
      <div className="mt-8 flex flex-wrap gap-3">
        <Button variant="solid" onClick={retry}>
          Try again
        </Button>
        <a href="/" className={buttonClass("plain")}>
          Go to the start page
        </a>
      </div>
      {digest && (
        <p className="mt-8 text-sm text-quiet">
          If it happens again, report this error number:{" "}
          <code className="figures font-sans font-semibold text-ink">{digest}</code>
        </p>
      )}
    </AuthLayout>
  );
}
