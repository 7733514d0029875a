import { sql, type Kysely } from "kysely";
import { toASCII, toUnicode } from "tr46";

const ROWS_AT_ONCE = 1000;

/**
 * Domains are stored in Unicode from now on, by UTS 46: browsers hand over the same one as `xn--…` or as it was typed. Of two
 * accounts that this would give one address, the second keeps its spelling (`ignore`), and is found by it at login.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  let last = "";
  while (true) {
    const { rows } = await sql<{ id: string; email: string }>`
      select id, email from users
      where id > ${last} and (email like '%@%xn--%' or length(email) <> char_length(email))
      order by id limit ${sql.lit(ROWS_AT_ONCE)}`.execute(db);
    for (const { id, email } of rows) {
      const mapped = mapDomain(email);
      if (mapped !== email) await sql`update ignore users set email = ${mapped} where id = ${id}`.execute(db);
    }
    if (rows.length < ROWS_AT_ONCE) return;
    last = rows.at(-1)!.id;
  }
}

/** What is no domain name, a wrong `xn--…` among them, stays as it is: read leniently it could become another one. */
function mapDomain(email: string): string {
  const at = email.lastIndexOf("@") + 1;
  const rules = { checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true, verifyDNSLength: true };
  const ascii = toASCII(email.slice(at), rules);
  return ascii === null ? email : email.slice(0, at) + toUnicode(ascii, rules).domain;
}
