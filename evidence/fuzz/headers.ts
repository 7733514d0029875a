export type Pairs = [name: string, value: string][];

/** All that were sent by this name, which is in lower case. */
export function headersIn(headers: Pairs, name: string): string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function headerIn(headers: Pairs, name: string): string | undefined {
  return headersIn(headers, name)[0];
}
