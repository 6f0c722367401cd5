/**
 * The list of known attacks and failures, T-N… of Nitro documents and T-V… of verifiers: each is in
 * the title of a test, or does not apply for the reason given here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const threats: Readonly<Record<string, string>> = {
  'T-N1':
    'does not apply: PCR0 covers kernel, command line and every ramdisk, hence what PCR1 and PCR2 cover; the caller names the registers, at least one',
  'T-N2': 'root of the same name with another key; the fingerprint of the pinned root is AWS’s',
  'T-N3': 'does not apply: no EIF is read here, hence none of its metadata is shown',
  'T-N4': 'all-zero registers, measured or expected',
  'T-N5': 'empty expectations',
  'T-N6': 'unknown keys in expectations and options',
  'T-N7': 'hexadecimal in either case, with 0x or without',
  'T-N8': 'values of another length',
  'T-N9': 'an empty list',
  'T-N10': 'cabundle: empty, too long, duplicates, cycle, root missing or not first',
  'T-N11': 'certificate above 1024 bytes',
  'T-N12': 'user_data above its limit, 1024 as AWS really signs it',
  'T-N13': 'timestamp 0',
  'T-N14': 'timestamp 2^63',
  'T-N15': 'timestamp a float',
  'T-N16': 'timestamp negative',
  'T-N17': 'timestamp under a tag',
  'T-N18': 'digest SHA256',
  'T-N19': 'module_id empty',
  'T-N20': 'extra keys',
  'T-N21': 'order of keys',
  'T-N22': 'indefinite lengths',
  'T-N23': 'COSE tag 18 or none, other tags',
  'T-N24': 'alg ES256 in a P-384 chain',
  'T-N25': 'payload no byte string, unprotected header not empty',
  'T-N26': 'validity now, to the millisecond',
  'T-N27': 'validity at the time of the document, only when asked for',
  'T-N28': 'a clock that is years off',
  'T-N29': 'drift of minutes, both ways',
  'T-V1': 'one type of result, none beside a failure',
  'T-V2': 'classes of errors',
  'T-V3': 'no warnings on a console',
  'T-V4': 'prototype pollution through JSON',
  'T-V5': 'WebCrypto answers something else than true',
  'T-V6': 'WebCrypto is patched',
  'T-V7': 'memory that changes meanwhile',
  'T-V8': 'getters and proxies',
  'T-V9': 'times that are none',
  'T-V10': 'polluted prototypes',
  'T-V11': 'two at once',
  'T-V12': 'other realms',
  'T-V13': 'does not apply here: the same verdicts in every runtime are the portable suite’s',
}

const tests = fileURLToPath(new URL('../../..', import.meta.url))
const sources = ['.', 'core', 'formats/aws/nitro', 'formats/aws/nitro-tpm'].flatMap((folder) =>
  readdirSync(`${tests}/${folder}`)
    .filter((file) => file.endsWith('.ts') && file !== 'threats.test.ts')
    .map((file) => readFileSync(`${tests}/${folder}/${file}`, 'utf8')),
)

test('all are listed', () => {
  const named = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `T-${letter}${i + 1}`)
  expect(Object.keys(threats)).toEqual([...named('N', 29), ...named('V', 13)])
})

test.each(Object.entries(threats))('%s: %s', (id, what) => {
  const inTitle = new RegExp(`['\`"][^'\`"\\n]*\\b${id}\\b`)
  expect(sources.some((source) => inTitle.test(source))).toBe(!what.startsWith('does not apply'))
})
