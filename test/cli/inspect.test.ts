/**
 * `veritee inspect`: shows everything, believes nothing, and lets nothing in the evidence write to
 * the terminal.
 */
import { describe, expect, it } from 'vitest'
import { text } from '../attester/cbor.ts'
import { createNitroAttester, type DocumentOverrides } from '../attester/nitro.ts'
import { anything, file, lastLine, root, useCommand, veritee, written } from './run.ts'

useCommand()

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)

async function document(overrides: DocumentOverrides): Promise<{ bytes: Uint8Array; root: string[] }> {
  const attester = await createNitroAttester({ now: new Date('2026-06-01T00:00:00Z') })
  return { bytes: await attester.document(overrides), root: ['--root', written('root.der', attester.root)] }
}

describe('inspect', () => {
  it('says UNVERIFIED before and after, and shows what is there', () => {
    const outcome = veritee(['inspect', file])
    const { code, stdout, stderr } = outcome
    expect(stdout).toMatch(/^UNVERIFIED: anyone can write this/)
    expect(lastLine(outcome)).toMatch(/^UNVERIFIED: anyone can write this/)
    expect(stdout).toMatch(/^kind +Nitro Enclave$/m)
    expect(stdout).toMatch(/^user data +68617368[0-9a-f]+\n +.?= "hash of a certificate, say"$/m)
    expect(stdout).toMatch(/^PCR0 {2}the whole image: .*\n {6}[0-9a-f]{48}\n {6}[0-9a-f]{48}$/m)
    expect(stdout).toMatch(/^PCR8 {2}certificate that signed the image\n {6}all zero$/m)
    expect(stdout).toMatch(/^all zero: PCR5 PCR6 PCR7 PCR9 /m)
    expect(stdout).toMatch(/^ {2}cabundle\[0\] {2}C=US, .*CN=veritee fixture root\\, NOT AWS$/m)
    expect(stdout).toMatch(/^ {15}2019-10-28T13:28:05Z to 2049-10-28T14:28:05Z\n {15}serial [0-9a-f]+$/m)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('says what a debug enclave and an instance are', () => {
    expect(veritee(['inspect', 'fixtures/nitro/debug/evidence.bin']).stdout).toMatch(/DEBUG MODE/)
    const { stdout } = veritee(['inspect', 'fixtures/nitro/valid-tpm/evidence.bin'])
    expect(stdout).toMatch(/^kind +NitroTPM: a whole EC2 instance, not an enclave$/m)
    expect(stdout).toMatch(/^PCR7 {2}Secure Boot policy$/m)
    expect(stdout).not.toContain('DEBUG')
  })

  it('tells what is empty from what is not there', async () => {
    const { bytes } = await document({ publicKey: new Uint8Array(), userData: null, nonce: Uint8Array.of(0xff, 0xfe) })
    const { stdout } = veritee(['inspect', '-'], bytes)
    expect(stdout).toMatch(/^public key +\(empty\)$/m)
    expect(stdout).toMatch(/^user data +\(none\)$/m)
    expect(stdout).toMatch(/^nonce +fffe\npublic|^nonce +fffe\nuser/m)
  })

  it('shows a certificate that is malformed as such, and the others all the same', async () => {
    const { bytes } = await document({ certificate: Uint8Array.of(0x30, 0x00) })
    const { code, stdout } = veritee(['inspect', '-'], bytes)
    expect(stdout).toMatch(/^ {2}certificate {2}malformed: /m)
    expect(stdout).toMatch(/^ {2}cabundle\[3\] {2}C=US/m)
    expect(code).toBe(0)
  })

  it('exits with 2 and the reason when the bytes are no document', () => {
    const { code, stderr, stdout } = veritee(['inspect', '-'], Buffer.from([0x84, 0x44]))
    expect(stderr).toBe('veritee: COSE_Sign1: protected header at 2 needs 4 bytes, found 0 (outer-cbor)\n')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('evidence that tries to write to the terminal', () => {
  const escape = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\r\u2028'
  // All control, format and separator characters but the line end of our own lines.
  const harmful = /[^\n\P{C}]|[\p{Zl}\p{Zp}]/u

  it.each<[string, DocumentOverrides, string]>([
    [
      'module_id',
      { moduleId: `i-0${escape}enc` },
      'i-0\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}\\u{d}\\u{2028}enc',
    ],
    ['user_data', { userData: utf8(escape) }, '1b5b324a1b5d303b'],
    ['the name of a field', { fields: { [escape]: text('x') } }, '\\u{1b}'],
    ['the value of a field', { fields: { more: text(escape) } }, '\\u001b'],
  ])('does not get through in %s', async (_place, overrides, shown) => {
    const { bytes, root: trusted } = await document(overrides)
    for (const args of [
      ['inspect', '-'],
      ['inspect', '-', '--json'],
      ['verify', '-', ...trusted, ...anything],
      ['verify', '-', ...trusted, ...anything, '--json'],
      ['verify', '-', ...anything],
    ]) {
      const { stdout, stderr } = veritee(args, bytes)
      expect(stdout + stderr).not.toMatch(harmful)
    }
    expect(veritee(['verify', '-', ...trusted, ...anything], bytes).code).toBe(0)
    expect(veritee(['inspect', '-'], bytes).stdout.replace(/\n {12}/g, '')).toContain(shown)
  })

  it('does not get through in an error', async () => {
    const { bytes } = await document({ fields: { digest: text(escape) } })
    for (const command of [
      ['inspect', '-'],
      ['verify', '-', ...root, ...anything],
    ]) {
      const { code, stdout, stderr } = veritee(command, bytes)
      expect(stdout + stderr).toContain('payload-digest')
      expect(stdout + stderr).not.toMatch(harmful)
      expect(code).toBe(2)
    }
  })
})
