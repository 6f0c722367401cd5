/**
 * What bytes are, as far as their form tells: text, JSON, a key. A guess for people, never a fact.
 */
import { toHex } from './bytes.ts'

export interface Reading {
  readonly kind: string
  /** The text that they are, if they are. */
  readonly text?: string
}

/** Beginnings of DER SubjectPublicKeyInfo, after its outer head: RFC 3279, RFC 5480, RFC 8410. */
const keys: readonly (readonly [algorithm: RegExp, name: string])[] = [
  [/^3013(?:06072a8648ce3d0201)06082a8648ce3d030107/, 'P-256 public key (SPKI)'],
  [/^3010(?:06072a8648ce3d0201)06052b81040022/, 'P-384 public key (SPKI)'],
  [/^3010(?:06072a8648ce3d0201)06052b81040023/, 'P-521 public key (SPKI)'],
  [/^300506032b656e/, 'X25519 public key (SPKI)'],
  [/^300506032b6570/, 'Ed25519 public key (SPKI)'],
  [/^300d06092a864886f70d0101010500/, 'RSA public key (SPKI)'],
]

const sizes: Readonly<Record<number, string>> = {
  20: 'as long as a SHA-1 digest',
  32: 'as long as a SHA-256 digest, an X25519 or an Ed25519 key',
  33: 'as long as a compressed P-256 key',
  48: 'as long as a SHA-384 digest',
  64: 'as long as a SHA-512 digest',
  68: 'as long as two SHA-256 digests with their multihash heads',
}

export function readAs(bytes: Uint8Array): Reading | undefined {
  const text = asText(bytes)
  if (text !== undefined) return readText(text)
  const digits = toHex(bytes)
  const inner = /^30(?:82....|81..|[0-7].)(.*)$/.exec(digits)?.[1]
  const key = inner === undefined ? undefined : keys.find(([algorithm]) => algorithm.test(inner))
  if (key !== undefined) return { kind: key[1] }
  const curve = digits.startsWith('04')
    ? ({ 65: 'P-256', 97: 'P-384', 133: 'P-521' } as Record<number, string>)[bytes.length]
    : undefined
  if (curve !== undefined) return { kind: `${curve} public key (uncompressed point)` }
  const size = sizes[bytes.length]
  return size === undefined ? undefined : { kind: size }
}

function asText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    // Control and format characters could show something else than is there.
    return /[^\P{C}\n\r\t]/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function readText(text: string): Reading {
  if (text.startsWith('-----BEGIN '))
    return { kind: /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]?.toLowerCase() ?? 'PEM', text }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { kind: 'JSON', text: JSON.stringify(value, null, 2) }
  } catch {
    // Not JSON, then.
  }
  return { kind: 'text', text }
}
