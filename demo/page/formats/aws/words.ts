/**
 * What every check means, for people: one table, in the order the checks are made. The library says
 * what failed; this says why anyone should care.
 */
import type {
  AwsErrorCode,
  CertificateErrorCode,
  CoseErrorCode,
  PolicyErrorCode,
  RuntimeErrorCode,
} from '../../../../src/formats/aws/nitro/index.ts'
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { shape, type Stage, unsupported, type Words } from '../../words.ts'

const notADocument = 'This is not a Nitro attestation document.'
const brokenDocument = 'This looks like an attestation document, but it is malformed.'
const brokenChain = 'The certificates are not those of a genuine enclave.'

const fields =
  'The Nitro Security Module always writes these fields, in these types and sizes. Anything else was not written by it.'

/**
 * The reasons that have to do with documents; others are about other formats, images and signed
 * reference values.
 */
type DocumentCode =
  | RuntimeErrorCode
  | CoseErrorCode
  | CertificateErrorCode
  | AwsErrorCode
  | Extract<PolicyErrorCode, `policy-${'debug' | 'nonce' | 'freshness' | 'pcr'}`>

/** What to say of a check. */
export function wordsOf(code: AttestationErrorCode): Words {
  return Object.hasOwn(words, code) ? words[code as DocumentCode] : words['format-unknown']
}

const words: Readonly<Record<DocumentCode, Words>> = {
  'payload-size': {
    holds: 'It is as large as a document may be, and no larger',
    fails: notADocument,
    why: 'Bounds come first, so that no input can cost more than it is worth.',
  },
  'cose-shape': {
    holds: 'It is a signed message (COSE_Sign1)',
    fails: notADocument,
    why: `Four parts: protected header, unprotected header, payload, signature. ${shape}`,
  },
  'outer-cbor': {
    holds: '',
    fails: notADocument,
    why: `The bytes are not well-formed CBOR, or something follows after them. ${shape}`,
    part: 'cose-shape',
  },
  'cose-tag': {
    holds: '',
    fails: notADocument,
    why: 'The CBOR tag in front says that this is something else.',
    part: 'cose-shape',
  },
  'cose-alg': {
    holds: 'It names the signature algorithm that AWS uses (ES384)',
    fails: 'It claims a signature algorithm that AWS does not use.',
    why: 'A signer who chooses the algorithm may choose a weak one.',
  },
  'cose-protected': {
    holds: 'Its signed header holds the algorithm and nothing else',
    fails: brokenDocument,
    why: 'AWS writes exactly one entry. More could change how other programs read the document.',
  },
  'cose-unprotected': {
    holds: 'Its unsigned header is empty',
    fails: 'Someone put something into the part of the document that is not signed.',
    why: 'Nothing protects that header: others could have written what it holds.',
  },
  'cose-signature-length': {
    holds: 'The signature has the right length',
    fails: brokenDocument,
    why: 'An ES384 signature is exactly 96 bytes.',
  },
  'payload-cbor': {
    holds: 'The signed content is well-formed, every key once',
    fails: brokenDocument,
    why: `A register that is there twice would have two values. ${shape}`,
  },
  'payload-field-type': {
    holds: 'All fields are there, with the right types and sizes',
    fails: brokenDocument,
    why: fields,
  },
  'payload-field-missing': {
    holds: '',
    fails: 'A field that every attestation document has is missing.',
    why: fields,
    part: 'payload-field-type',
  },
  'payload-field-size': { holds: '', fails: brokenDocument, why: fields, part: 'payload-field-type' },
  'payload-digest': {
    holds: '',
    fails: 'Its measurements use a digest that AWS does not use.',
    why: fields,
    part: 'payload-field-type',
  },
  'payload-pcr': {
    holds: '',
    fails: 'Its measurement registers are malformed.',
    why: fields,
    part: 'payload-field-type',
  },

  'root-mismatch': {
    holds: 'Its chain begins at the trusted root certificate',
    fails: 'It does not come from the trusted root.',
    why: 'Anyone can make a chain of certificates. Only the one that begins at the pinned root, byte for byte, is AWS’s.',
  },
  'cert-parse': { holds: 'Every certificate is well-formed', fails: 'A certificate in it is malformed.', why: shape },
  'cert-algorithm': {
    holds: 'Every certificate uses the algorithms that AWS uses (P-384, SHA-384)',
    fails: 'A certificate in it uses an algorithm that AWS does not use.',
    why: 'A weak key anywhere in the chain would be enough for a forger.',
  },
  'cert-extension': {
    holds: 'Every certificate is used for what it was issued for',
    fails: brokenChain,
    why: 'Authorities issue, the enclave’s certificate signs documents, and none may do the other’s work.',
  },
  'cert-path-length': {
    holds: 'No authority is deeper in the chain than allowed',
    fails: brokenChain,
    why: 'Each authority says how many more may follow below it.',
  },
  'cert-path': {
    holds: 'The certificates form a path',
    fails: brokenChain,
    why: 'Each must be issued by the one above it.',
  },
  'cert-chain-name': {
    holds: 'Every certificate names the one above it as its issuer',
    fails: brokenChain,
    why: 'The chain must be one line, from the root to the enclave.',
  },
  'cert-validity': {
    holds: 'Every certificate was valid then, and is now',
    fails: 'Its certificates are not valid now.',
    why: 'The certificate of an enclave lives three hours. Keys of older ones may have leaked long ago.',
  },
  'clock-suspect': {
    holds: '',
    fails: 'It answers your nonce, but its dates do not fit your clock.',
    why: 'A document that answers a nonce made just now was made just now. If its dates say otherwise, one of the two clocks is wrong, often the one of this device.',
    part: 'cert-validity',
  },
  'cert-chain-signature': {
    holds: 'Every certificate is signed by the one above it',
    fails: 'A certificate in it was not signed by the one above it.',
    why: 'This is what leads from the pinned root down to the key of this one enclave.',
  },
  'cose-signature': {
    holds: 'The document is signed with the key of its enclave’s certificate',
    fails: 'Forged or altered: the signature does not fit the content.',
    why: 'One changed bit is enough to break it. Nothing in the document can be believed.',
  },

  'policy-kind': {
    holds: 'It speaks for an enclave',
    fails: 'It speaks for a whole EC2 instance (NitroTPM), not for an enclave.',
    why: 'An instance is not isolated from its operator the way an enclave is, and its registers mean other things.',
  },
  'policy-debug': {
    holds: 'The enclave is closed to its operator (not in debug mode)',
    fails: 'Genuine, but in debug mode: its operator can look inside.',
    why: 'In debug mode the console is open and the image measures to zero, so no one can tell what runs there.',
  },
  'policy-pcr': {
    holds: 'It runs the code that you expect',
    fails: 'Genuine, but it runs other code than you expect.',
    why: 'The registers are digests of the image that was started. One other byte in it, another digest.',
    open: 'What it runs was not compared: you named no build',
  },
  'policy-nonce': {
    holds: 'It answers your nonce',
    fails: 'Genuine, but it does not answer your nonce: it may be a replay.',
    why: 'A nonce is a number that no one could know before. Who answers it answers now; an older document cannot.',
    open: 'No nonce was expected',
  },
  'policy-freshness': {
    holds: 'It is recent enough',
    fails: 'Genuine, but not from now.',
    why: 'What was true of an enclave once need not be true of it now.',
    open: 'Its age was not judged',
  },
  'policy-user-data': {
    holds: 'It carries the user data that you expect',
    fails: 'Genuine, but bound to other user data than you expect.',
    why: 'Applications bind the document to a connection here: a digest of a TLS certificate, say.',
    open: 'No particular user data was expected',
  },
  'policy-public-key': {
    holds: 'It vouches for the public key that you expect',
    fails: 'Genuine, but it vouches for another public key than you expect.',
    why: 'Data encrypted to another key would be read by someone else.',
    open: 'No particular public key was expected',
  },

  // Not reached by a Nitro document; the table is complete so that a new code cannot be forgotten.
  unsupported,
  'format-unknown': { holds: '', fails: notADocument, why: shape },
  'format-refused': { holds: '', fails: notADocument, why: shape },
}

export const stages: readonly Stage[] = [
  {
    stage: 'decode',
    title: 'Well formed?',
    plan: [
      'payload-size',
      'cose-shape',
      'cose-alg',
      'cose-protected',
      'cose-unprotected',
      'cose-signature-length',
      'payload-cbor',
      'payload-field-type',
    ],
  },
  {
    stage: 'verify',
    title: 'Authentic?',
    plan: [
      'root-mismatch',
      'cert-parse',
      'cert-algorithm',
      'cert-extension',
      'cert-path-length',
      'cert-chain-name',
      'cert-validity',
      'cert-chain-signature',
      'cose-signature',
    ],
  },
  {
    stage: 'appraise',
    title: 'What you expect?',
    plan: [
      'policy-kind',
      'policy-debug',
      'policy-pcr',
      'policy-nonce',
      'policy-freshness',
      'policy-user-data',
      'policy-public-key',
    ],
  },
]

/** What each register measures: of an enclave, or of an instance with NitroTPM. */
export function meaningOf(register: string, isInstance: boolean): string {
  const index = Number(register.slice(3))
  if (isInstance) return meaningOfInstance(index)
  const known: Readonly<Record<number, string>> = {
    0: 'The whole image: what runs there',
    1: 'Kernel and boot ramdisk; many projects share them',
    2: 'The application; says nothing where the image has one ramdisk',
    3: 'IAM role of the parent instance: whose it is',
    4: 'Id of the parent instance: where it runs',
    8: 'The certificate that signed the image',
  }
  return known[index] ?? (index < 16 ? 'Not used by Nitro' : 'Free for the application')
}

function meaningOfInstance(index: number): string {
  if (index < 4) return 'AWS’s firmware, the same under every system'
  const known: Readonly<Record<number, string>> = {
    4: 'The image that was booted: what runs there',
    7: 'Secure Boot: which keys may sign what boots',
    12: 'The command line of the kernel; zero where there is none',
  }
  return known[index] ?? 'Of the system that was booted'
}
