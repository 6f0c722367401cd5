/**
 * Makes the enclave that the suites are given: the certificates, registers and signing key of a
 * fixture attester.
 */
import { createNitroAttester, moduleIds, productionPcrs } from '../../attester/nitro.ts'
import type { Enclave } from './model.ts'

/**
 * @param now what goes over the platform's own clock is valid from a minute before, for three hours
 */
export async function makeEnclave(now: Date): Promise<Enclave> {
  const [attester, other] = await Promise.all([createNitroAttester({ now }), createNitroAttester({ now })])
  const leaf = attester.keys.get('leaf')
  if (leaf === undefined) throw new Error('the attester has no leaf')
  const registers = Object.entries(await productionPcrs()).map(([index, value]) => [index, base64(value)])
  return {
    certificates: attester.certificates.map(base64),
    leaf: await crypto.subtle.exportKey('jwk', leaf.privateKey),
    moduleId: moduleIds.enclave,
    registers: Object.fromEntries(registers) as Record<string, string>,
    now: now.getTime(),
    otherRoot: base64(other.root),
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
