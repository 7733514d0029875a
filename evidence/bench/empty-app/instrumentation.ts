/** Overrides the product's file, which the bundler would find in a parent folder. */
export function register(): void {}
