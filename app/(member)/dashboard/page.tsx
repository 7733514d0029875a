import type { Metadata } from "next";
import { headers } from "next/headers";
import { Section } from "@/app/ui/section";
import { describeDevice } from "@/server/auth/client/device";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { sessionOpenedAt } from "@/server/auth/sessions/sessions";
import { env } from "@/server/runtime/env";
import { DeviceCount } from "./device-count";
import { Greeting } from "./greeting";
import { PasskeyOffer } from "./passkey-offer";
import { Protection } from "./protection";
import { ThisSession } from "./this-session";

export const metadata: Metadata = { title: "Overview" };

/** Does not read the database, so that it opens during a database outage. */
export default async function OverviewPage() {
  const { session } = await requireCaller();
  const openedAt = sessionOpenedAt(session.id);
  const device = describeDevice((await headers()).get("user-agent"));
  const { REFRESH_TOKEN_SECONDS, SESSION_MAX_SECONDS } = env();

  return (
    <>
      <Greeting />
      <PasskeyOffer />
      <Section title="This session" description="The device that you are using now.">
        <ThisSession
          device={`${device.browser} on ${device.os}`}
          signedInAt={openedAt.toISOString()}
          endsAt={secondsAfter(openedAt, SESSION_MAX_SECONDS).toISOString()}
          idleSeconds={REFRESH_TOKEN_SECONDS}
        />
      </Section>
      <Section title="Your devices" description="Every browser that is signed in to your account.">
        <DeviceCount />
      </Section>
      <Section
        title="How you are protected"
        description="What the service protects you from, and what it cannot prevent."
      >
        <Protection />
      </Section>
    </>
  );
}
