/**
 * `veritee sign`: measurements of a product in, a CoRIM out, signed by the key of a private CA's
 * certificate. Runs where the image is built.
 */
import { environmentNames } from '../reference/corim/environments.ts'
import { type ReferenceEnvironment, signReferenceValues } from '../reference/index.ts'
import { AttestationError } from '../core/errors.ts'
import { type CommandOptions, listOf, parse, secondsOf, timeOf, type Values, versionOf } from './arguments.ts'
import { UsageError } from './failures.ts'
import { readMeasurements } from './formats/aws/arguments.ts'
import { readCertificate, readCertificates } from './input.ts'
import { writeOutput } from './output.ts'
import { readPrivateKey } from './private-key.ts'

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
  const environment = environmentNamed(values['format'])
  const builds = await Promise.all(files.map((path, i) => readMeasurements(path, names[i])))
  const { key, algorithm } = await readPrivateKey(required(values, 'key', 'the key to sign with: --key FILE'))
  const certificate = await readCertificate(
    required(values, 'cert', 'the certificate of the key: --cert FILE'),
    '--cert',
  )
  const issuers = typeof values['chain'] === 'string' ? await readCertificates(values['chain']) : []
  const notBefore = typeof values['from'] === 'string' ? timeOf(values['from'], '--from') : new Date()
  const validSeconds = secondsOf(required(values, 'valid', 'for how long it shall be valid: --valid 90d'), '--valid')
  const corim = await signReferenceValues(builds as never, {
    environment,
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
      .replace(/^(?:values|referenceValues)\[(\d+)\]/, (whole, i: string) => files[Number(i)] ?? whole)
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

/** What the measurements are of. @throws UsageError */
function environmentNamed(name: Values[string]): ReferenceEnvironment {
  if (name === undefined) return 'nitro'
  const known = environmentNames()
  if (typeof name === 'string' && known.includes(name)) return name as ReferenceEnvironment
  throw new UsageError(`--format must be ${known.slice(0, -1).join(', ')} or ${known.at(-1) ?? ''}`)
}
