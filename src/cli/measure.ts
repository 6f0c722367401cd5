/**
 * `veritee measure`: what an image, a role, an instance or a signing certificate will measure to,
 * as nitro-cli prints it.
 */
import { createHash } from 'node:crypto'
import { type EifMeasurements, measureEif, pcr3OfRole, pcr4OfInstance, pcr8OfCertificate } from '../reference/index.ts'
import { type CommandOptions, parse, timeOf, type Values } from './arguments.ts'
import { UsageError } from './failures.ts'
import { openImageFile, watched } from './image-file.ts'
import { readCertificate } from './input.ts'
import { stringify } from './json.ts'
import { measureSnpLaunch, snpOptions } from './measure-snp.ts'
import { paint, row } from './text.ts'

const options: CommandOptions = {
  'role-arn': { type: 'string' },
  'instance-id': { type: 'string' },
  'signing-cert': { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean' },
  ...snpOptions,
}

/** @throws UsageError, VerificationError */
export async function measure(args: string[]): Promise<number> {
  const { files, values } = parse('measure', args, options, { least: 0, most: 1, what: 'at most one image' })
  const [path] = files
  if (values['snp'] !== undefined) {
    refuseMixture(path, values)
    console.log(await measureSnpLaunch(values))
    return 0
  }
  const stray = Object.keys(snpOptions).find((name) => values[name] !== undefined)
  if (stray !== undefined) throw new UsageError(`--${stray} is for --snp`)
  const deployment = await measureDeployment(values)
  if (path === undefined && Object.keys(deployment).length === 0)
    throw new UsageError('measure takes an image, --role-arn, --instance-id, --signing-cert or --snp')
  const now = typeof values['at'] === 'string' ? timeOf(values['at'], '--at') : new Date()
  const image = path === undefined ? undefined : await measureImage(path, now)
  // A certificate that is named takes the place of the image's own.
  const named = deployment['PCR8']
  if (named !== undefined && image?.measurements.PCR8 !== undefined && image.measurements.PCR8 !== named)
    throw new UsageError('the image was signed with another certificate than --signing-cert')
  const Measurements = { HashAlgorithm: 'Sha384 { ... }', ...image?.measurements, ...deployment }
  console.log(
    values['json'] === true
      ? stringify({ Measurements })
      : [...describe(path, image), ...registers(Measurements)].join('\n'),
  )
  return 0
}

/** @throws UsageError where Nitro's options come with `--snp` */
function refuseMixture(path: string | undefined, values: Values): void {
  const ofNitro = ['role-arn', 'instance-id', 'signing-cert', 'at'].find((name) => values[name] !== undefined)
  if (path !== undefined) throw new UsageError('--snp FIRMWARE is all there is to measure: no other image beside it')
  if (ofNitro !== undefined) throw new UsageError(`--${ofNitro} is for Nitro enclaves, not for --snp`)
}

async function measureDeployment(values: Values): Promise<Record<string, string>> {
  const { 'role-arn': role, 'instance-id': instance, 'signing-cert': certificate } = values
  const signer = typeof certificate === 'string' ? await readCertificate(certificate, '--signing-cert') : undefined
  try {
    return {
      ...(typeof role === 'string' && { PCR3: await pcr3OfRole(role) }),
      ...(typeof instance === 'string' && { PCR4: await pcr4OfInstance(instance) }),
      ...(signer !== undefined && { PCR8: await pcr8OfCertificate(signer) }),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.replace(/^arn\b/, '--role-arn').replace(/^id\b/, '--instance-id'), {
      cause: error,
    })
  }
}

async function measureImage(path: string, now: Date): Promise<EifMeasurements> {
  const image = await openImageFile(path)
  return watched(path, (onProgress) => measureEif(image, { now, onProgress, createHash }))
}

function describe(path: string | undefined, image: EifMeasurements | undefined): string[] {
  if (path === undefined || image === undefined) return []
  const { architecture, version, size, sections, signature } = image
  return [
    row('image', path, [0, 11]),
    row('is', `EIF version ${version} for ${architecture}, ${size} bytes`, [0, 11]),
    row('sections', sections.map(({ type }) => type).join(', '), [0, 11]),
    row('signed', signature === undefined ? 'no' : `with ${signature.algorithm}; by whom, PCR8 tells`, [0, 11]),
    '',
  ]
}

function registers(measurements: Readonly<Record<string, string>>): string[] {
  const given = Object.entries(measurements).filter(([name]) => name !== 'HashAlgorithm')
  return given.map(([name, value]) => row(paint('bold', name), value, [0, name.length]))
}
