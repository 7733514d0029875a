export type HeaderList = [name: string, value: string][];

/** All that were sent by this name, which is in lower case. */
export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headerValues(headers, name)[0];
}
