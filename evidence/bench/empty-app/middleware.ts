/** Overrides the product's file, which the bundler would find in a parent folder. Matches no request. */
export const config = { runtime: "nodejs", matcher: "/nowhere" };

export function middleware(): void {}
