"use client";

import { Broken } from "./ui/broken";

export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <>
      <title>Something went wrong · Portcullis</title>
      <Broken error={error} retry={retry} />
    </>
  );
}
