import type { Metadata } from "next";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { AuthLayout } from "@/app/ui/auth-layout";
import { RetryPanel } from "./retry-panel";

export const metadata: Metadata = { title: "One moment" };

interface Outage {
  title: string;
  text: string;
}

const OTHER_OUTAGE: Outage = {
  title: "Something is stuck",
  text: "This is our fault, not yours. You are not signed out: we keep trying, and take you back as soon as it works.",
};

/** By HTTP status. */
const OUTAGES: Partial<Record<number, Outage>> = {
  503: {
    title: "Back in a moment",
    text: "We cannot reach our records right now. You are not signed out: as soon as they answer, you are taken back to where you were.",
  },
  429: {
    title: "A little too fast",
    text: "More requests came from here than we take at once. Nothing is lost, and you are not signed out: after a short rest you are taken back.",
  },
  400: {
    title: "Your browser holds on to an old cookie",
    text: "We asked it to drop one, and it keeps sending it. Delete the cookies of this site in the settings of your browser, then try again. You may have to sign in once more.",
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
        <p className="mt-6">
          <a className="link" href={next}>
            Try again
          </a>
        </p>
      </noscript>
    </AuthLayout>
  );
}
