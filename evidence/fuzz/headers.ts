export type HeaderList = [name: string, value: string][];

/** All values of a header; `name` is in lower case. */
export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headerValues(headers, name)[0];
}
