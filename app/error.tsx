"use client";

import { ErrorScreen } from "./ui/error-screen";

export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <>
      <title>Something went wrong · Portcullis</title>
      <ErrorScreen error={error} retry={retry} />
    </>
  );
}
