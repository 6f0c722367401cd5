/**
 * `veritee sign`: measurements of a product in, a CoRIM out, signed by the key of a private CA's certificate. Runs where the image is built.
 */
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AttestationError, signReferenceValues } from '../reference/index.ts'
import { type CommandOptions, listOf, parse, secondsOf, timeOf, type Values, versionOf } from './arguments.ts'
import { UsageError } from './failures.ts'
import { readMeasurements } from './formats/aws/arguments.ts'
import { readCertificate, readCertificates } from './input.ts'
import { writeOutput } from './output.ts'

const options: CommandOptions = {
  key: { type: 'string' },
  cert: { type: 'string' },
  chain: { type: 'string' },
  valid: { type: 'string' },
  from: { type: 'string' },
  product: { type: 'string' },
  version: { type: 'string' },
  name: { type: 'string', multiple: true },
  id: { type: 'string' },
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
}

/** @throws UsageError */
export async function sign(args: string[]): Promise<number> {
  const { files, values } = parse('sign', args, options, {
    least: 1,
    most: 64,
    what: 'the measurements of 1 to 64 builds',
  })
  const output = required(values, 'output', 'where to write it: -o FILE')
  const names = listOf(values, 'name')
  if (names.length > 0 && names.length !== files.length)
    throw new UsageError(`--name is given ${names.length} times for ${files.length} files: name each of them, or none`)
  const builds = await Promise.all(files.map((path, i) => readMeasurements(path, names[i])))
  const { key, algorithm } = await readKey(required(values, 'key', 'the key to sign with: --key FILE'))
  const certificate = await readCertificate(
    required(values, 'cert', 'the certificate of the key: --cert FILE'),
    '--cert',
  )
  const issuers = typeof values['chain'] === 'string' ? await readCertificates(values['chain']) : []
  const notBefore = typeof values['from'] === 'string' ? timeOf(values['from'], '--from') : new Date()
  const validSeconds = secondsOf(required(values, 'valid', 'for how long it shall be valid: --valid 90d'), '--valid')
  const corim = await signReferenceValues(builds, {
    environment: formatNamed(values['format']),
    product: required(values, 'product', 'what the measurements are of, as clients will demand it: --product NAME'),
    key,
    chain: [certificate, ...issuers],
    version: versionOf(
      required(values, 'version', 'its version, greater than that of the last one: --version N'),
      '--version',
    ),
    notBefore,
    notAfter: new Date(notBefore.getTime() + validSeconds * 1000),
    ...(typeof values['id'] === 'string' && { id: values['id'] }),
  }).catch((error: unknown) => {
    // Nothing was verified: the certificate is the user's own.
    if (error instanceof AttestationError) throw new UsageError(`--cert: ${error.message}`, { cause: error })
    if (!(error instanceof TypeError)) throw error
    const message = error.message
      .replace(/^name of values\[(\d+)\]/, (whole, i: string) => `name of ${files[Number(i)] ?? whole}`)
      .replace(/^product\b/, '--product')
    throw new UsageError(message, { cause: error })
  })
  const paths = ['key', 'cert', 'chain'].map((option) => values[option])
  await writeOutput(output, corim, [...files, ...paths.filter((path) => typeof path === 'string')])
  console.log(
    `${output}: ${builds.length === 1 ? '1 build' : `${builds.length} builds`}, ${corim.length} bytes, signed with ${algorithm}`,
  )
  return 0
}

function required(values: Values, option: string, demand: string): string {
  const value = values[option]
  if (typeof value !== 'string') throw new UsageError(`say ${demand}`)
  return value
}

function formatNamed(name: Values[string]): 'nitro' | 'nitro-tpm' {
  if (name === undefined || name === 'nitro') return 'nitro'
  if (name === 'nitro-tpm') return name
  throw new UsageError('--format must be nitro or nitro-tpm')
}

/** A private key as OpenSSL writes it, PEM. P-256 signs with ES256, P-384 with ES384. */
async function readKey(path: string): Promise<{ key: CryptoKey; algorithm: string }> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch {
    throw new UsageError(`cannot read ${path}`)
  }
  try {
    const own = createPrivateKey(pem)
    const curve = { prime256v1: 'P-256', secp384r1: 'P-384' }[own.asymmetricKeyDetails?.namedCurve ?? '']
    if (curve === undefined) throw new Error('neither P-256 nor P-384')
    const pkcs8 = own.export({ type: 'pkcs8', format: 'der' })
    const key = await crypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(pkcs8),
      { name: 'ECDSA', namedCurve: curve },
      false,
      ['sign'],
    )
    return { key, algorithm: curve === 'P-256' ? 'ES256' : 'ES384' }
  } catch (error) {
    throw new UsageError(
      `${path} must be a private key in PEM on P-256 or P-384, without a passphrase: ${(error as Error).message}`,
    )
  }
}
