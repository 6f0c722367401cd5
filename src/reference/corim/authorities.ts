/**
 * Who signs independently of whom: k of n signers count for k only where no smaller number of
 * insiders can make all of their signatures.
 */
import { toHex } from '../../encoding/bytes.ts'
import type { Certificate } from '../../x509/certificate.ts'

/**
 * A certification path: the anchor first; where there are more, the last certificate is that of the
 * signer.
 */
type Path = readonly Pick<Certificate, 'spki' | 'subject'>[]

/**
 * How many authorities there are behind these paths. Whatever shares a key or the name of a CA is
 * one: a CA that renewed its certificate or its key, one that another CA signs across, a key that
 * several CAs certify, an intermediate CA below two roots.
 * @param anchors every trust anchor: they also join paths that share nothing themselves
 * @param paths default: those that consist of an anchor
 */
export function countAuthorities(anchors: Path, paths: readonly Path[] = anchors.map((anchor) => [anchor])): number {
  const share = (one: readonly string[], other: readonly string[]): boolean => one.some((mark) => other.includes(mark))
  const found = paths.map(marksOf)
  let groups: readonly (readonly string[])[] = []
  for (const marks of [...anchors.map((anchor) => marksOf([anchor])), ...found]) {
    const joined = groups.filter((group) => share(group, marks))
    groups = [...groups.filter((group) => !share(group, marks)), [...marks, ...joined.flat()]]
  }
  return groups.filter((group) => found.some((marks) => share(group, marks))).length
}

/**
 * What a path is recognised by, in hexadecimal: every key on it, and the name of every CA. No key
 * is encoded as a name is.
 */
function marksOf(path: Path): readonly string[] {
  const issuers = path.slice(0, path.length - 1 || 1)
  return [...path.map(({ spki }) => spki), ...issuers.map(({ subject }) => subject)].map(toHex)
}
