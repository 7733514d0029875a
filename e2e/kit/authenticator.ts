import { expect, type CDPSession, type Page } from "@playwright/test";

/** A passkey that an authenticator keeps. Ids and handles are base64. */
export interface StoredPasskey {
  credentialId: string;
  isResidentCredential: boolean;
  rpId?: string;
  privateKey: string;
  userHandle?: string;
  signCount: number;
  backupEligibility?: boolean;
  backupState?: boolean;
  userName?: string;
  userDisplayName?: string;
}

/** What an authenticator can do wrong in its responses. */
interface Fault {
  isBogusSignature?: boolean;
  isBadUV?: boolean;
  isBadUP?: boolean;
}

/** Chromium's virtual authenticator, built into the device of one tab. It confirms every request at once, unless it is told not to. */
export class Authenticator {
  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
    private readonly authenticatorId: string,
  ) {}

  /** `hasResidentKey`: whether it can keep passkeys; an old security key cannot. */
  static async attach(page: Page, { hasResidentKey = true } = {}): Promise<Authenticator> {
    await page.addInitScript(countOpenRequests);
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Authenticator(page, session, authenticatorId);
  }

  async passkeys(): Promise<StoredPasskey[]> {
    const { authenticatorId } = this;
    return (await this.session.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  }

  async add(credential: StoredPasskey): Promise<void> {
    const { authenticatorId } = this;
    await this.session.send("WebAuthn.addCredential", { authenticatorId, credential });
  }

  async remove({ credentialId }: StoredPasskey): Promise<void> {
    const { authenticatorId } = this;
    await this.session.send("WebAuthn.removeCredential", { authenticatorId, credentialId });
  }

  /** Replaces a passkey, for example by one with a lower counter. */
  async replace(credential: StoredPasskey): Promise<void> {
    await this.remove(credential);
    await this.add(credential);
  }

  /** Resolves when the page has asked the browser for a passkey and the browser has not responded. */
  async waitForRequest(): Promise<void> {
    await this.page.waitForFunction(() => (globalThis as RequestCount).openPasskeyRequests === 1);
  }

  /** While false, requests stay open, as if the user did nothing. A request that was left open stays so. */
  async confirmRequests(enabled: boolean): Promise<void> {
    const { authenticatorId } = this;
    await this.session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
  }

  /** Whether the fingerprint, face or PIN is the right one. */
  async verifyUser(isUserVerified: boolean): Promise<void> {
    const { authenticatorId } = this;
    await this.session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  }

  async setFault(fault: Fault): Promise<void> {
    const { authenticatorId } = this;
    await this.session.send("WebAuthn.setResponseOverrideBits", { authenticatorId, ...fault });
  }
}

interface RequestCount {
  openPasskeyRequests?: number;
}

/** Runs in the page. Only there is it known when a request has left for the browser. */
function countOpenRequests(): void {
  const count = globalThis as RequestCount;
  let open = 0;
  // Missing in documents that are not from a secure origin, such as about:blank.
  const { credentials } = navigator as { credentials?: CredentialsContainer };
  if (credentials === undefined) return;
  const get = credentials.get.bind(credentials);
  credentials.get = (options) => {
    const result = get(options);
    count.openPasskeyRequests = ++open;
    const end = () => (count.openPasskeyRequests = --open);
    result.then(end, end);
    return result;
  };
}

/** Adds a passkey on the security page of a signed-in user, saves the recovery codes that come with a first one, and names it. */
export async function addPasskey(page: Page, name = "Test device"): Promise<void> {
  await page.goto("/dashboard/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const field = page.getByLabel("Name of the passkey");
  const saved = page.getByRole("button", { name: "I have saved them" });
  await expect(field.or(saved)).toBeVisible();
  if (await saved.isVisible()) await saved.click();
  await expect(field).toBeFocused();
  await field.fill(name);
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("heading", { name, exact: true })).toBeVisible();
}
