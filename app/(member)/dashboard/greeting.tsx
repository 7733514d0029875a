"use client";

import { useAuth } from "@/app/auth/auth-provider";

export function Greeting() {
  const { user } = useAuth();
  return (
    <div className="mb-12">
      <h1 className="plate text-4xl wrap-anywhere sm:text-5xl">Hello, {user?.fullName}</h1>
      <p className="mt-3 text-lg wrap-anywhere text-quiet">You are signed in as {user?.email}.</p>
    </div>
  );
}
