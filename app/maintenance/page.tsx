import type { Metadata } from "next";
import { AuthLayout } from "@/app/ui/auth-layout";
import { RetryPanel } from "./retry-panel";
import { returnPath } from "./return-path";
import { describeOutage } from "./outage-text";

export const metadata: Metadata = { title: "One moment" };

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

export default async function MaintenancePage({ searchParams }: { searchParams: SearchParams }) {
  const parameters = await searchParams;
  const status = Number(parameters.status) || 0;
  const next = returnPath(parameters.next);
  const trouble = describeOutage(status);

  return (
    <AuthLayout gate="half">
      <h1 className="plate text-4xl">{trouble.title}</h1>
      <p className="mt-4 text-lg text-quiet">{trouble.text}</p>
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
