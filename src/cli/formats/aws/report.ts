/**
 * What is particular to verdicts on Nitro documents: questions that their checks answer, what to do
 * about a refusal, and what they say.
 */
import type { NitroResult } from '../../../index.ts'
import { bytesAsText } from '../../text.ts'
import type { Row } from '../family.ts'

/** What a check looks at, for people who do not know the codes. */
export const documentQuestions: Readonly<Record<string, string>> = {
  'payload-size bytes of evidence': 'Evidence is within the size limit',
  'payload-size bytes of payload': 'Payload is within the size limit',
  'cose-shape': 'One signed envelope (COSE_Sign1)',
  'cose-alg': 'Signature algorithm is ES384',
  'cose-protected': 'Nothing else in the signed header',
  'cose-unprotected': 'No unsigned header',
  'cose-signature-length': 'Signature has the right length',
  'payload-cbor': 'Payload is strict CBOR',
  'payload-field-type': 'Every field is there and within its limits',
  'clock-suspect': 'Clocks agree',
  'cose-signature': 'Document is signed by the leaf certificate',
  'policy-kind': 'Is the kind of evidence that was asked for',
  'policy-pcr': 'Runs the expected image',
  'policy-nonce': 'Answers the nonce',
  'policy-freshness': 'Is fresh enough',
  'policy-user-data': 'Carries the expected user data',
  'policy-public-key': 'Carries the expected public key',
}

/** What to do about a refusal, where something can be done. */
export const documentHints: Readonly<Record<string, string>> = {
  'policy-kind':
    'An instance (nitro-tpm) is no enclave (nitro), and its registers mean something else. If this kind is what you want, name it with --format.',
  'clock-suspect':
    'Either the clock of this machine is wrong, or the evidence is old: it answers the nonce, but its dates are far off. For an archived document, name the time with --at.',
}

/** What a document says, before and after what every result has. */
export function documentRows({
  moduleId,
  userData,
  publicKey,
}: Omit<NitroResult['claims'], 'debug'>): readonly [before: readonly Row[], after: readonly Row[]] {
  return [[['module', moduleId]], [...bytesRows('user data', userData), ...bytesRows('public key', publicKey)]]
}

function bytesRows(name: string, value: Uint8Array | undefined): (readonly [string, string])[] {
  return value === undefined ? [] : bytesAsText(value).map((line, i) => [i === 0 ? name : '', line] as const)
}
