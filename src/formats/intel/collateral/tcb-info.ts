/**
 * TCB Info: which security versions of one kind of platform (its FMSPC) are good. Version 3 for SGX
 * and TDX; version 2, which is deprecated and still cached, for SGX.
 *
 * Source: Intel PCS API version 4, "Get TCB Info". Members that are not listed here are signed, and
 * without influence.
 */
import { decodeJson, isJsonObject, type JsonValue, memberOf, optionalMemberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import type { DcapTee } from '../quote/quote.ts'
import { hexOf, integerOf, type SignedJson, type Validity, validityOf } from './signed-json.ts'
import {
  type ComponentLevel,
  platformStatuses,
  readComponentLevels,
  readLevel,
  sortLevels,
  type TcbLevel,
} from './tcb-level.ts'

export interface TcbInfo extends Validity {
  readonly tee: DcapTee
  readonly version: 2 | 3
  /** Lower-case hexadecimal. */
  readonly fmspc: string
  readonly pceId: string
  readonly evaluationDataNumber: number
  /** Who may have signed a TDX module of version 0; TDX only. */
  readonly tdxModule: TdxModule | undefined
  /** Later TDX modules by their `id`, `tdx_01` say, lower case. */
  readonly tdxModuleIdentities: ReadonlyMap<string, TdxModuleIdentity>
  /** Highest first. */
  readonly levels: readonly PlatformLevel[]
}

/** What a TDX module must look like: lower-case hexadecimal. */
export interface TdxModule {
  readonly mrSigner: string
  readonly attributes: string
}

export interface TdxModuleIdentity extends TdxModule {
  /** Highest first. */
  readonly levels: readonly ComponentLevel[]
}

/** A platform is at a level when none of its versions is below that of the level. */
export interface PlatformLevel extends TcbLevel {
  /** 16 of them. */
  readonly sgxComponents: readonly number[]
  readonly pceSvn: number
  /** 16 for TDX, none for SGX. */
  readonly tdxComponents: readonly number[]
}

export const tcbInfoSource: Source = { name: 'TCB Info', code: 'tcb-info-format' }
const source = tcbInfoSource
const componentCount = 16

/** @throws VerificationError `tcb-info-format` */
export function decodeTcbInfo(document: SignedJson): TcbInfo {
  const body = decodeJson(document.body, source)
  const version = integerOf(body, 'version', 0xffff, source)
  if (version !== 2 && version !== 3) throw malformed(source, `unknown version ${version}`)
  const tee = version === 2 ? 'sgx' : teeOf(memberOf(body, 'id', 'string', source))
  if (integerOf(body, 'tcbType', 0xffff, source) !== 0) throw malformed(source, 'unknown tcbType')
  const hasModule = optionalMemberOf(body, 'tdxModule') !== undefined
  const identities = optionalMemberOf(body, 'tdxModuleIdentities')
  if (hasModule !== (tee === 'tdx') || (identities !== undefined && tee !== 'tdx'))
    throw malformed(source, `${tee} ${hasModule ? 'with' : 'without'} a TDX module`)
  const levels = memberOf(body, 'tcbLevels', 'array', source).map((level) => readPlatformLevel(level, version, tee))
  return {
    tee,
    version,
    ...validityOf(body, source),
    fmspc: hexOf(body, 'fmspc', 6, source),
    pceId: hexOf(body, 'pceId', 2, source),
    evaluationDataNumber: integerOf(body, 'tcbEvaluationDataNumber', 0xffffffff, source),
    tdxModule: hasModule ? readModule(memberOf(body, 'tdxModule', 'object', source)) : undefined,
    tdxModuleIdentities: identities === undefined ? new Map() : readIdentities(body),
    levels: sortLevels(
      levels,
      ({ sgxComponents, pceSvn, tdxComponents }) => [...sgxComponents, pceSvn, ...tdxComponents],
      source,
    ),
  }
}

function teeOf(id: string): DcapTee {
  switch (id) {
    case 'SGX':
      return 'sgx'
    case 'TDX':
      return 'tdx'
    default:
      throw malformed(source, `unknown id ${JSON.stringify(id)}`)
  }
}

function readPlatformLevel(level: JsonValue, version: 2 | 3, tee: DcapTee): PlatformLevel {
  const tcb = memberOf(level, 'tcb', 'object', source)
  return {
    sgxComponents: version === 2 ? readFlatComponents(tcb) : readComponents(tcb, 'sgxtcbcomponents'),
    pceSvn: integerOf(tcb, 'pcesvn', 65_535, source),
    tdxComponents: tee === 'tdx' ? readComponents(tcb, 'tdxtcbcomponents') : [],
    ...readLevel(level, platformStatuses, source),
  }
}

function readComponents(tcb: JsonValue, name: string): readonly number[] {
  const components = memberOf(tcb, name, 'array', source)
  if (components.length !== componentCount) throw malformed(source, `${name} must be ${componentCount}`)
  return components.map((component) => integerOf(component, 'svn', 255, source))
}

/** Version 2: `sgxtcbcomp01svn` to `sgxtcbcomp16svn`. */
function readFlatComponents(tcb: JsonValue): readonly number[] {
  return Array.from({ length: componentCount }, (_, i) =>
    integerOf(tcb, `sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, 255, source),
  )
}

function readModule(module: JsonValue): TdxModule {
  return { mrSigner: hexOf(module, 'mrsigner', 48, source), attributes: hexOf(module, 'attributes', 8, source) }
}

function readIdentities(body: JsonValue): ReadonlyMap<string, TdxModuleIdentity> {
  const identities = new Map<string, TdxModuleIdentity>()
  for (const identity of memberOf(body, 'tdxModuleIdentities', 'array', source)) {
    if (!isJsonObject(identity)) throw malformed(source, 'tdxModuleIdentities must hold objects')
    const id = memberOf(identity, 'id', 'string', source).toLowerCase()
    if (identities.has(id)) throw malformed(source, `TDX module identity ${JSON.stringify(id)} is there twice`)
    identities.set(id, { ...readModule(identity), levels: readComponentLevels(identity, source) })
  }
  return identities
}
