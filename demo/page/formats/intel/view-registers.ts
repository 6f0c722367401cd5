/**
 * The registers of a trust domain or an enclave, against what the visitor expects.
 */
import { toHex } from '../../bytes.ts'
import { type Child, h } from '../../dom.ts'
import { registerRow, registerTable, type Row } from '../../register-table.ts'
import type { QuoteOutcome } from './outcome.ts'
import type { Build } from '../../builds.ts'

const zeros = '00'.repeat(48)

/**
 * The library's name, how people call it, what it measures, and what is expected of it when a build
 * does not name it.
 */
const registers: Readonly<
  Record<'tdx' | 'sgx', readonly (readonly [name: string, label: string, meaning: string, unnamed?: string])[]>
> = {
  tdx: [
    ['mrTd', 'MRTD', 'Firmware of the trust domain'],
    ['rtmr0', 'RTMR0', 'Configuration of the firmware'],
    ['rtmr1', 'RTMR1', 'Boot loader and kernel'],
    ['rtmr2', 'RTMR2', 'Command line and initial RAM disk'],
    ['rtmr3', 'RTMR3', 'System and application', zeros],
    ['mrConfigId', 'MRCONFIGID', 'Chosen by its launcher', zeros],
    ['mrOwner', 'MROWNER', 'Chosen by its launcher', zeros],
    ['mrOwnerConfig', 'MROWNERCONFIG', 'Chosen by its launcher', zeros],
    ['tdAttributes', 'TD attributes', 'Debug bits come first, then migration', '0000001000000000'],
    ['xfam', 'XFAM', 'Features of the processor that it may use'],
    ['mrSeam', 'MRSEAM', 'The TDX module'],
    ['mrServiceTd', 'MRSERVICETD', 'Service TDs that can read it'],
  ],
  sgx: [
    ['mrEnclave', 'MRENCLAVE', 'Code and layout of the enclave'],
    ['mrSigner', 'MRSIGNER', 'Key that signed the enclave'],
    ['isvProdId', 'ISVPRODID', 'Product, by its signer’s count'],
    ['isvSvn', 'ISVSVN', 'Security version, by its signer’s count'],
    ['configId', 'CONFIGID', 'Chosen by its starter', '00'.repeat(64)],
    ['configSvn', 'CONFIGSVN', 'Chosen by its starter', '0'],
    ['isvFamilyId', 'ISVFAMILYID', 'Family of products', '00'.repeat(16)],
    ['isvExtProdId', 'ISVEXTPRODID', 'Product, in more digits', '00'.repeat(16)],
    ['attributes', 'Attributes', 'Bit 1 of the first byte is debug mode'],
    ['xfrm', 'XFRM', 'Features of the processor that it may use'],
    ['miscSelect', 'MISCSELECT', 'What it is told of exceptions'],
  ],
}

/** Values with nothing to say: left out while they are zero and nothing else is expected. */
const idleNames = [
  'mrConfigId',
  'mrOwner',
  'mrOwnerConfig',
  'mrServiceTd',
  'configId',
  'configSvn',
  'isvFamilyId',
  'isvExtProdId',
  'miscSelect',
]

export function registersView({ evidence, policy, result }: QuoteOutcome): Child {
  if (evidence === undefined) return undefined
  const { builds, kind } = policy
  const build = builds.find(({ name }, i) => (name ?? i) === result?.matched) ?? builds[0]
  const values = new Map<string, unknown>(Object.entries(evidence))
  const attributes = values.get('attributes')
  if (attributes instanceof Uint8Array) values.set('xfrm', attributes.slice(8))
  const all = registers[kind].flatMap(([name, register, meaning, unnamed]) => {
    const value = values.get(name)
    if (!(value instanceof Uint8Array) && typeof value !== 'number') return []
    const bytes = typeof value === 'number' ? undefined : value
    const row = { register, meaning, value: bytes === undefined ? String(value) : toHex(bytes) }
    return [{ name, row: judged(row, build, name, unnamed) }]
  })
  const idle = all.filter(
    ({ name, row }) => idleNames.includes(name) && row.state !== 'mismatch' && /^0+$/.test(row.value),
  )
  return h(
    'div',
    {},
    builds.length > 1 &&
      h(
        'p',
        { class: 'note' },
        result === undefined
          ? `None of ${builds.length} builds matches; compared with the first.`
          : `Compared with the one of ${builds.length} builds that matches.`,
      ),
    registerTable(
      all.filter((one) => !idle.includes(one)).map(({ row }) => row),
      idle.length > 0 ? `${idle.map(({ row }) => row.register).join(', ')}: zero.` : undefined,
    ),
  )
}

/** A minimum is met by more as well. */
function judged(
  row: Pick<Row, 'register' | 'meaning' | 'value'>,
  build: Build | undefined,
  name: string,
  unnamed: string | undefined,
): Row {
  const minimum = name === 'isvSvn' ? build?.minimumIsvSvn : undefined
  if (typeof minimum === 'number')
    return { ...row, expected: `at least ${minimum}`, state: Number(row.value) >= minimum ? 'match' : 'mismatch' }
  const named = build?.[name] ?? unnamed
  return registerRow(row, build === undefined || named === undefined ? undefined : String(named))
}
