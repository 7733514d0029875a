/** The bundler looks for this file upwards, and would find that of the product. */
export function register(): void {}
