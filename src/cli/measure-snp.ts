/**
 * `veritee measure --snp`: what a guest on AMD SEV-SNP will attest as its launch measurement.
 */
import { createHash } from 'node:crypto'
import type { MeasureSnpOptions, SnpMeasurement } from '../reference/index.ts'
import { measureSnp } from '../reference/index.ts'
import { type CommandOptions, type Values } from './arguments.ts'
import { UsageError } from './failures.ts'
import { openImageFile, watched } from './image-file.ts'
import { stringify } from './json.ts'
import { paint, row } from './text.ts'

export const snpOptions: CommandOptions = {
  snp: { type: 'string' },
  vcpus: { type: 'string' },
  'vcpu-type': { type: 'string' },
  'vcpu-signature': { type: 'string' },
  'guest-features': { type: 'string' },
  vmm: { type: 'string' },
  kernel: { type: 'string' },
  initrd: { type: 'string' },
  append: { type: 'string' },
}

/** @throws UsageError, VerificationError */
export async function measureSnpLaunch(values: Values): Promise<string> {
  const path = values['snp'] as string
  const options: MeasureSnpOptions = {
    vcpus: numberOf(values, 'vcpus', 'how many virtual processors the guest has'),
    ...given(values, 'vcpu-type', (vcpuType) => ({ vcpuType })),
    ...given(values, 'vcpu-signature', () => ({
      vcpuSignature: numberOf(values, 'vcpu-signature', 'CPUID leaf 1, EAX'),
    })),
    ...given(values, 'guest-features', (text) => ({ guestFeatures: wholeOf(text, '--guest-features') })),
    ...given(values, 'vmm', (vmm) => ({ vmm: vmm as NonNullable<MeasureSnpOptions['vmm']> })),
    ...(await fileOf(values, 'kernel')),
    ...(await fileOf(values, 'initrd')),
    ...given(values, 'append', (append) => ({ append })),
  }
  const firmware = await openImageFile(path)
  try {
    const measured = await watched(path, (onProgress) => measureSnp(firmware, { ...options, onProgress, createHash }))
    return values['json'] === true ? stringify({ measurement: measured.measurement }) : describe(path, measured)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(inOptions(error.message), { cause: error })
  }
}

function describe(path: string, { measurement, vmm, vcpus, firmwareSize, kernelHashes }: SnpMeasurement): string {
  return [
    row('firmware', path, [0, 11]),
    row('is', `OVMF, ${firmwareSize} bytes`, [0, 11]),
    row('launch', `${vmm}, ${vcpus} ${vcpus === 1 ? 'processor' : 'processors'}`, [0, 11]),
    row(
      'kernel',
      kernelHashes === undefined
        ? 'none: the firmware finds one, unmeasured'
        : 'measured, with initrd and command line',
      [0, 11],
    ),
    '',
    row(paint('bold', 'measurement'), measurement, [0, 'measurement'.length]),
  ].join('\n')
}

/** Names of options of the library, as the command has them. */
function inOptions(message: string): string {
  return message
    .replaceAll('vcpuType', '--vcpu-type')
    .replaceAll('vcpuSignature', '--vcpu-signature')
    .replace(/^(vcpus|vmm|initrd|append|guestFeatures)\b/, (name) =>
      name === 'guestFeatures' ? '--guest-features' : `--${name}`,
    )
    .replace('with kernel only', 'with --kernel only')
}

function given<T extends object>(values: Values, name: string, make: (text: string) => T): T | undefined {
  const text = values[name]
  return typeof text === 'string' ? make(text) : undefined
}

async function fileOf<Name extends 'kernel' | 'initrd'>(
  values: Values,
  name: Name,
): Promise<Partial<Record<Name, Blob>>> {
  const path = values[name]
  return typeof path === 'string' ? ({ [name]: await openImageFile(path) } as Record<Name, Blob>) : {}
}

/** @throws UsageError */
function numberOf(values: Values, name: string, what: string): number {
  const text = values[name]
  if (typeof text !== 'string') throw new UsageError(`--snp needs --${name}: ${what}`)
  return Number(wholeOf(text, `--${name}`))
}

/** Decimal or, with `0x`, hexadecimal. @throws UsageError */
function wholeOf(text: string, name: string): bigint {
  if (!/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text))
    throw new UsageError(`${name} must be a whole number, not ${JSON.stringify(text)}`)
  return BigInt(text)
}
