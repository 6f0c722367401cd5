/**
 * What the readers are compared on: every Nitro document of the shared vectors and of the fixtures,
 * and every certificate that is found in them or beside them. Taken apart by the second opinion's
 * readers, so that ours have no say in what they are tried on.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findVectors } from '../support/vectors.ts'
import { secondCbor, secondEnvelope } from './second-readers.ts'

export type Bytes = Uint8Array<ArrayBuffer>

export interface Item {
  readonly name: string
  readonly bytes: Bytes
}

const fixtures = fileURLToPath(new URL('../../fixtures/nitro', import.meta.url))
const vectors = findVectors('nitro')

/** Why documents are missing, if they are. */
export const skipLine: string | undefined = vectors.found ? undefined : vectors.skipLine

/** Documents, sound and broken. */
export const documents: readonly Item[] = [...fixtureDocuments(), ...vectorDocuments()]

/**
 * Certificates, each once: those of documents, and those that other areas of the vectors keep in
 * files.
 */
export const certificates: readonly Item[] = distinct([
  ...documents.flatMap(({ name, bytes }) =>
    certificatesOf(bytes).map((found, i) => ({ name: `${name} [${i}]`, bytes: found })),
  ),
  ...['nitro', 'android', 'intel'].flatMap(certificateFiles),
])

function fixtureDocuments(): Item[] {
  if (!existsSync(fixtures)) return []
  return readdirSync(fixtures)
    .map((name) => ({ name: `fixture ${name}`, file: join(fixtures, name, 'evidence.bin') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => ({ name, bytes: new Uint8Array(readFileSync(file)) }))
}

function vectorDocuments(): Item[] {
  if (!vectors.found) return []
  const manifest = vectors.manifest as { readonly documents: readonly { readonly file: string }[] }
  return manifest.documents.map(({ file }) => ({ name: file, bytes: vectors.read(file) }))
}

/** Leaf and bundle of a document that has an envelope and a payload. */
function certificatesOf(document: Bytes): Bytes[] {
  try {
    const fields = secondCbor(secondEnvelope(document).payload, 2048) as Map<unknown, unknown>
    return [fields.get('certificate'), ...(fields.get('cabundle') as unknown[])]
      .filter((found) => found instanceof Uint8Array)
      .map((found) => new Uint8Array(found))
  } catch {
    return []
  }
}

/** Certificates in files of any folder of an area: `.der`, `.pem`. */
function certificateFiles(area: string): Item[] {
  const found = findVectors(area)
  if (!found.found) return []
  const files = readdirSync(found.directory, { recursive: true, encoding: 'utf8' }).sort()
  return files.flatMap((file): Item[] => {
    if (file.includes('crl')) return []
    if (file.endsWith('.der')) return [{ name: `${area}/${file}`, bytes: found.read(file) }]
    if (!file.endsWith('.pem')) return []
    const blocks = new TextDecoder()
      .decode(found.read(file))
      .matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)
    return [...blocks].map(([, body = ''], i) => ({
      name: `${area}/${file} [${i}]`,
      bytes: new Uint8Array(Buffer.from(body, 'base64')),
    }))
  })
}

function distinct(items: readonly Item[]): Item[] {
  const seen = new Map<string, Item>()
  for (const item of items) {
    const key = Buffer.from(item.bytes).toString('base64')
    if (!seen.has(key)) seen.set(key, item)
  }
  return [...seen.values()]
}
