/** The bundler looks for this file upwards, and would find that of the product. It meets no request. */
export const config = { runtime: "nodejs", matcher: "/nowhere" };

export function middleware(): void {}
