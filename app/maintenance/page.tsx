import type { Metadata } from "next";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { AuthLayout } from "@/app/ui/auth-layout";
import { RetryPanel } from "./retry-panel";

export const metadata: Metadata = { title: "Temporarily unavailable" };

interface Outage {
  title: string;
  text: string;
}

const OTHER_OUTAGE: Outage = {
  title: "Something went wrong",
  text: "An error occurred on our side. You are still signed in. This page retries by itself and then takes you back to where you were.",
};

/** By HTTP status. */
const OUTAGES: Partial<Record<number, Outage>> = {
  503: {
    title: "Temporarily unavailable",
    text: "The service is temporarily unavailable. You are still signed in. This page retries by itself and then takes you back to where you were.",
  },
  429: {
    title: "Too many requests",
    text: "The service received too many requests from your network address. You are still signed in. This page retries after a short wait and then takes you back to where you were.",
  },
  400: {
    title: "Your browser keeps an old cookie",
    text: "The service asked your browser to delete a cookie, but the browser still sends it. Delete the cookies of this site in the settings of your browser, then try again. You may have to sign in again.",
  },
};

export default async function MaintenancePage({ searchParams }: { searchParams: SearchParams }) {
  const status = Number((await searchParams).status) || 0;
  const next = await readNextParam(searchParams);
  const outage = OUTAGES[status] ?? OTHER_OUTAGE;

  return (
    <AuthLayout gate="half">
      <h1 className="plate text-4xl">{outage.title}</h1>
      <p className="mt-4 text-lg text-quiet">{outage.text}</p>
      <RetryPanel status={status} next={next} />
      <noscript>
        <p className="mt-8">
          Automatic retries require JavaScript.{" "}
          <a className="link" href={next}>
            Try again
          </a>
        </p>
      </noscript>
    </AuthLayout>
  );
}
