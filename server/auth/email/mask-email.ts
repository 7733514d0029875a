/** An address as shown to a holder of a link, who may not be its owner: enough to recognise one's own. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf("@");
  const [first = ""] = email.slice(0, at);
  return `${first}•••${email.slice(at)}`;
}
