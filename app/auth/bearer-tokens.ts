import { onAbort } from "./abortable-fetch";
import { authClient } from "./auth-client";
import { createTokenHolder } from "./token-holder";

const holder = createTokenHolder(async (audience) => {
  // Before a login or logout of this tab or another one: the next page belongs to another user, or to none.
  onAbort(holder.clear);
  const { accessToken } = await authClient.auth.accessToken.mutate(audience === undefined ? {} : { audience });
  return accessToken;
});

export const getAccessToken = holder.get;
