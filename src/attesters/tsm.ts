/**
 * Evidence of machines under Linux since 6.7, whose makers it does not matter: TDX, SEV-SNP and Arm
 * CCA speak through the same files (kernel documentation, `ABI/testing/configfs-tsm-report`). A
 * folder is made, the report data written, the evidence read.
 */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { knownOptions, requireOption } from '../core/options.ts'
import { type Bytes, copyBytes, toHex } from '../encoding/bytes.ts'
import { randomBytes } from '../crypto/random.ts'
import type { Attestation, AttestRequest } from '../gateway/options.ts'

/** What was read beside the report data. */
export interface TsmParts {
  /** The kernel's name of its driver: `tdx_guest`, `sev_guest` or `arm_cca_guest`. */
  readonly provider: string
  /** A quote, a report or a token. */
  readonly evidence: Uint8Array
  /** What the host adds. SEV-SNP: the certificate table, where it has one. Nothing vouches for it. */
  readonly auxiliary?: Uint8Array
}

/** The four calls that are made on files. */
export interface TsmFiles {
  readonly mkdir: (path: string) => Promise<unknown>
  readonly readFile: (path: string) => Promise<Uint8Array>
  readonly writeFile: (path: string, data: Uint8Array | string) => Promise<unknown>
  readonly rmdir: (path: string) => Promise<unknown>
}

/** Options of {@link tsmSource}. Unknown ones are a `TypeError`. */
export interface TsmSourceOptions {
  /** Default `/sys/kernel/config/tsm/report`. */
  readonly root?: string
  /** The only driver that will do, so that a machine of another kind is noticed. Default: any. */
  readonly provider?: string
  /** SEV-SNP: the VMPL that the report is asked for, 0 to 3. Default: the kernel's. */
  readonly privilegeLevel?: number
  /** What clients need beside the evidence: endorsements from a cache, say. Default: nothing. */
  readonly endorsements?: (parts: TsmParts) => unknown
  /** For tests. Default: the real files. */
  readonly files?: TsmFiles
}

const realFiles: TsmFiles = { mkdir, readFile, writeFile, rmdir }
/** Evidence is made again when another process was faster; so often, and no more. */
const attempts = 8

/**
 * Evidence from Linux's configfs-tsm, for `createGateway`: quotes of TDX, reports of SEV-SNP, tokens
 * of CCA. Its report data answers the client's nonce and vouches for the gateway's key, so clients
 * pass `binding: keyHashInReportData`. A certificate table of SEV-SNP is put behind the report, as
 * `verifySevSnp` takes it.
 * @example
 * ```ts
 * const attest = tsmSource({
 *   provider: 'tdx_guest',
 *   endorsements: ({ evidence }) => collateral.of(evidence),
 * })
 * ```
 * @throws TypeError when an option is wrong. The source rejects with an `Error` where the kernel has
 *   no such files or refuses, and when the evidence is not certain to be for these report data.
 */
export function tsmSource(options: TsmSourceOptions = {}): (request: AttestRequest) => Promise<Attestation> {
  const given = knownOptions<TsmSourceOptions>(options, ['root', 'provider', 'privilegeLevel', 'endorsements', 'files'])
  const { root = '/sys/kernel/config/tsm/report', provider, privilegeLevel, endorsements, files = realFiles } = given
  requireOption('root', 'a path', typeof root === 'string' && root.startsWith('/'))
  requireOption('provider', 'a name', provider === undefined || (typeof provider === 'string' && provider !== ''))
  const isLevel = privilegeLevel === undefined || [0, 1, 2, 3].includes(privilegeLevel)
  requireOption('privilegeLevel', '0 to 3', isLevel)
  requireOption('endorsements', 'a function', endorsements === undefined || typeof endorsements === 'function')
  return async ({ reportData }) => {
    const parts = await report({ root, provider, privilegeLevel, files }, copyBytes(reportData))
    return {
      mediaType: 'application/octet-stream',
      evidence: parts.provider === 'sev_guest' ? withTable(parts) : parts.evidence,
      endorsements: await endorsements?.(parts),
    }
  }
}

interface Asked {
  readonly root: string
  readonly provider: string | undefined
  readonly privilegeLevel: number | undefined
  readonly files: TsmFiles
}

/** One folder per question, so that processes do not write over each other; it is removed at the end. */
async function report({ root, provider, privilegeLevel, files }: Asked, reportData: Bytes): Promise<TsmParts> {
  const folder = join(root, `veritee-${toHex(randomBytes(8))}`)
  try {
    await files.mkdir(folder)
  } catch (cause) {
    throw new Error(`${root} cannot be used: needs Linux 6.7, a guest driver and the right to write`, { cause })
  }
  try {
    const found = await textOf(files, join(folder, 'provider'))
    if (provider !== undefined && found !== provider)
      throw new Error(`provider in ${root}: expected ${provider}, found ${found}`)
    for (let i = 0; i < attempts; i++) {
      const parts = await read(files, folder, reportData, privilegeLevel)
      if (parts !== undefined) return { provider: found, ...parts }
    }
    throw new Error(`evidence in ${folder} was changed ${attempts} times by another process`)
  } finally {
    await files.rmdir(folder)
  }
}

/**
 * `generation` counts what is written to a folder: the evidence is for these report data if that was
 * written between the two readings and nothing else was. Some kernels lose the error of a write, and
 * the count tells that too.
 * @returns `undefined` when another process wrote as well
 */
async function read(
  files: TsmFiles,
  folder: string,
  reportData: Bytes,
  privilegeLevel: number | undefined,
): Promise<Omit<TsmParts, 'provider'> | undefined> {
  const generation = async (): Promise<number> => {
    const text = await textOf(files, join(folder, 'generation'))
    if (!/^\d{1,15}$/.test(text)) throw new Error(`generation in ${folder}: expected a number, found ${text}`)
    return Number(text)
  }
  const before = await generation()
  if (privilegeLevel !== undefined) await files.writeFile(join(folder, 'privlevel'), `${privilegeLevel}`)
  await files.writeFile(join(folder, 'inblob'), reportData)
  const expected = before + (privilegeLevel === undefined ? 1 : 2)
  const evidence = await unlessChanged(() => files.readFile(join(folder, 'outblob')))
  // What a driver has nothing to say in, is not there.
  const auxiliary = await unlessChanged(() => ifThere(() => files.readFile(join(folder, 'auxblob'))))
  const after = await generation()
  if (after < expected) throw new Error(`generation in ${folder}: expected ${expected}, found ${after}: not written`)
  if (after > expected || evidence === undefined) return undefined
  if (evidence.length === 0) throw new Error(`outblob in ${folder} is empty`)
  const own = { evidence: copyBytes(evidence) }
  return auxiliary === undefined || auxiliary.length === 0 ? own : { ...own, auxiliary: copyBytes(auxiliary) }
}

async function textOf(files: TsmFiles, path: string): Promise<string> {
  return new TextDecoder().decode(await files.readFile(path)).trim()
}

/** The kernel says EWOULDBLOCK (EAGAIN) of evidence that something was written over. */
async function unlessChanged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (codeOf(error) === 'EAGAIN' || codeOf(error) === 'EWOULDBLOCK') return undefined
    throw error
  }
}

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code
}

function withTable({ evidence, auxiliary }: TsmParts): Uint8Array {
  if (auxiliary === undefined) return evidence
  const whole = new Uint8Array(evidence.length + auxiliary.length)
  whole.set(evidence)
  whole.set(auxiliary, evidence.length)
  return whole
}
