/**
 * Who signs independently of whom: k of n signers count for k only where no smaller number of insiders can make all of their signatures.
 */
import { toHex } from '../encoding/bytes.ts'
import type { Certificate } from '../x509/certificate.ts'

/** What a certification path is recognised by: every key on it, and the name of every CA. */
export type Marks = readonly string[]

/** @param certificates the anchor first; the last one is that of the signer, which may be called like another's, unless it is the only one */
export function marksOf(certificates: readonly Pick<Certificate, 'spki' | 'subject'>[]): Marks {
  const issuers = certificates.slice(0, Math.max(1, certificates.length - 1))
  return [
    ...certificates.map(({ spki }) => `key ${toHex(spki)}`),
    ...issuers.map(({ subject }) => `name ${toHex(subject)}`),
  ]
}

/**
 * How many authorities there are behind these paths. Whatever shares a key or the name of a CA is one: a CA that renewed its certificate or its key, one that
 * another CA signs across, a key that several CAs certify, an intermediate CA below two roots.
 * @param anchors the marks of every trust anchor: they also join paths that share nothing themselves
 */
export function countAuthorities(paths: readonly Marks[], anchors: readonly Marks[]): number {
  const isIn = (group: ReadonlySet<string>, marks: Marks): boolean => marks.some((mark) => group.has(mark))
  let groups: readonly ReadonlySet<string>[] = []
  for (const marks of [...anchors, ...paths]) {
    const joined = groups.filter((group) => isIn(group, marks))
    groups = [
      ...groups.filter((group) => !joined.includes(group)),
      new Set([...marks, ...joined.flatMap((group) => [...group])]),
    ]
  }
  return groups.filter((group) => paths.some((marks) => isIn(group, marks))).length
}
