"use client";

import { useContext } from "react";
import { AuthContext, type Auth } from "./auth-provider";

/** Who is signed in, and how to change that. Throws outside `<AuthProvider>`. */
export function useAuth(): Auth {
  const auth = useContext(AuthContext);
  if (auth === null) throw new Error("useAuth needs an <AuthProvider> above it");
  return auth;
}
