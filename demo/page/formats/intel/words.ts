/**
 * What every check of Intel's quotes means, for people. Loaded with what verifies them, so that
 * whoever brings a Nitro document need not wait for it.
 */
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { shape, type Stage, unsupported, type Words } from '../../words.ts'

const notAQuote = 'This is not a quote of Intel TDX or SGX.'
const brokenChain = 'The certificates are not those of a genuine Intel platform.'
const brokenList = 'A revocation list is not what it should be.'
const brokenCollateral = 'What Intel says of the platform is malformed.'

const collateral =
  'Collateral is what Intel says of a platform: the state of its updates, its quoting enclave, and which certificates are revoked.'
const lists =
  'A certificate is worth nothing once its key has leaked. Intel lists those, and the list must be Intel’s too.'
const current =
  'Old collateral does not know of flaws that were found since. Fetch it anew: it is good for 30 days at most.'
const everyByte =
  'Intel signs every byte as served. One that was changed, or that was parsed and written again, is not Intel’s word.'

/** The reasons that only quotes of Intel's have. */
type QuoteCode =
  | `${'quote' | 'qe' | 'tcb' | 'pck' | 'crl' | 'tdx' | 'attestation-key' | 'ra-tls' | 'event-log' | 'endorsement'}-${string}`
  | `policy-${'event' | 'rtmr' | 'tcb-status' | 'tcb-evaluation' | 'endorsement-age' | 'migration' | 'service-td' | 'measurements' | 'report-data' | 'platform'}`

/** The reasons that a quote shares with documents, in words of its own. */
type SharedCode =
  | 'format-unknown'
  | 'unsupported'
  | 'root-mismatch'
  | `cert-${'parse' | 'algorithm' | 'extension' | 'path-length' | 'path' | 'chain-name' | 'validity' | 'chain-signature'}`
  | 'policy-debug'

const words: Readonly<Record<Extract<AttestationErrorCode, QuoteCode> | SharedCode, Words>> = {
  'quote-format': {
    holds: 'It is a well-formed quote',
    fails: 'This looks like a quote, but it is malformed.',
    why: `Every length in it must fit, and nothing but zeros may follow. ${shape}`,
  },
  'quote-version-epid': {
    holds: 'It is signed the current way (DCAP, ECDSA)',
    fails: 'This quote is of the kind that Intel has retired (EPID).',
    why: 'The service that verified EPID quotes is gone. The enclave must make an ECDSA quote.',
  },
  'quote-tee': {
    holds: 'It speaks for the kind of TEE that was asked for',
    fails: 'It speaks for another kind of TEE.',
    why: 'A trust domain (TDX) and an enclave (SGX) protect different things, and their registers mean different things.',
  },
  'pck-chain-missing': {
    holds: 'The certificates of its platform are there',
    fails: 'The certificates of its platform are missing.',
    why: 'Some quotes only name their platform. Then the collateral must bring its certificates along, as pckCertificateChain.',
  },
  'endorsement-missing': {
    holds: 'The collateral is complete',
    fails: 'Something is missing from the collateral.',
    why: `${collateral} Without all of it no one knows whether the platform is sound.`,
  },
  'cert-parse': { holds: 'Every certificate is well-formed', fails: 'A certificate is malformed.', why: shape },
  'tcb-info-format': {
    holds: 'TCB Info, the list of states of the platform, is well-formed',
    fails: brokenCollateral,
    why: `${collateral} ${shape}`,
  },
  'qe-identity-format': {
    holds: 'The identity of the quoting enclave is well-formed',
    fails: brokenCollateral,
    why: `${collateral} ${shape}`,
  },
  'crl-parse': { holds: 'The revocation lists are well-formed', fails: brokenList, why: shape },
  'crl-extension': { holds: '', fails: brokenList, why: shape, part: 'crl-parse' },

  'root-mismatch': {
    holds: 'All chains begin at the trusted root certificate',
    fails: 'It does not come from the trusted root.',
    why: 'Anyone can make a chain of certificates. Only the one that begins at the pinned root, byte for byte, is Intel’s; a name proves nothing.',
  },
  'cert-algorithm': {
    holds: 'Every certificate uses the algorithms that Intel uses (P-256, SHA-256)',
    fails: 'A certificate uses an algorithm that Intel does not use.',
    why: 'A weak key anywhere in a chain would be enough for a forger.',
  },
  'cert-extension': {
    holds: 'Every certificate is used for what it was issued for',
    fails: brokenChain,
    why: 'Authorities issue, a platform’s certificate signs quoting enclaves, and none may do the other’s work.',
  },
  'cert-path-length': {
    holds: 'No authority is deeper in the chain than allowed',
    fails: brokenChain,
    why: 'Each authority says how many more may follow below it.',
  },
  'cert-chain-name': {
    holds: 'Every certificate names the one above it as its issuer',
    fails: brokenChain,
    why: 'Each chain must be one line, from the root down.',
  },
  'cert-path': {
    holds: 'Each chain ends at the kind of certificate that it is for',
    fails: brokenChain,
    why: 'A platform’s certificate (PCK) vouches for quotes, the TCB Signing certificate for collateral, both under one root.',
  },
  'cert-validity': {
    holds: 'Every certificate is valid now',
    fails: 'A certificate is not valid now.',
    why: 'Outside its dates no one vouches for a certificate any more, and it may have been revoked without a list saying so.',
  },
  'pck-cert-format': {
    holds: 'The platform’s certificate says which platform it is',
    fails: 'The certificate of the platform is malformed.',
    why: 'It names the kind of platform (FMSPC) and the security versions of its parts. The state is looked up by them.',
  },
  'crl-issuer': { holds: 'The revocation lists are of the right authorities', fails: brokenList, why: lists },
  'crl-validity': {
    holds: 'The revocation lists are current',
    fails: 'A revocation list is out of date.',
    why: current,
  },
  'crl-algorithm': { holds: 'They use the algorithm that Intel uses (ES256)', fails: brokenList, why: lists },
  'tcb-info-validity': {
    holds: 'TCB Info is current',
    fails: 'What Intel says of the platform is out of date.',
    why: current,
  },
  'qe-identity-validity': {
    holds: 'The identity of the quoting enclave is current',
    fails: 'What Intel says of its quoting enclave is out of date.',
    why: current,
  },
  'cert-chain-signature': {
    holds: 'Every certificate is signed by the one above it',
    fails: 'A certificate was not signed by the one above it.',
    why: 'This is what leads from the pinned root down to the key of this one platform.',
  },
  'crl-signature': {
    holds: 'The revocation lists are signed by their authorities',
    fails: 'A revocation list is not signed by the authority that it names.',
    why: lists,
  },
  'crl-revoked': {
    holds: 'No certificate is revoked',
    fails: 'A certificate of its platform is revoked.',
    why: 'Intel revokes a platform when its keys have leaked: anyone could have signed this quote.',
  },
  'tcb-info-signature': {
    holds: 'TCB Info is signed by Intel',
    fails: 'TCB Info is not what Intel signed.',
    why: everyByte,
  },
  'qe-identity-signature': {
    holds: 'The identity of the quoting enclave is signed by Intel',
    fails: 'The identity of the quoting enclave is not what Intel signed.',
    why: everyByte,
  },
  'qe-report-signature': {
    holds: 'The platform has signed for its quoting enclave',
    fails: 'Forged: the platform has not signed for this quoting enclave.',
    why: 'The quoting enclave signs quotes. The platform’s key, which Intel certified, says which one runs there.',
  },
  'attestation-key-binding': {
    holds: 'The quoting enclave vouches for the key of this quote',
    fails: 'Forged: the quoting enclave does not vouch for the key of this quote.',
    why: 'Otherwise anyone could put a key of their own behind a genuine quoting enclave.',
  },
  'quote-signature': {
    holds: 'The quote is signed with that key',
    fails: 'Forged or altered: the signature does not fit the content.',
    why: 'One changed bit is enough to break it. Nothing in the quote can be believed.',
  },
  'tcb-info-mismatch': {
    holds: 'TCB Info is about this kind of platform',
    fails: 'The collateral is about another kind of platform.',
    why: 'Fetch it for the FMSPC that stands below, and for the right kind of TEE.',
  },
  'qe-identity-mismatch': {
    holds: 'The quoting enclave is Intel’s',
    fails: 'It was not Intel’s quoting enclave that signed it.',
    why: 'Any enclave can claim to be the one that signs quotes. Intel says which one is.',
  },
  'tdx-module-mismatch': {
    holds: 'The TDX module is Intel’s',
    fails: 'The TDX module is none that Intel knows.',
    why: 'The TDX module isolates the trust domain from its host. Another one could let the host in.',
  },
  'tcb-not-supported': {
    holds: 'Intel knows this state of the platform',
    fails: 'Intel lists no state for this platform.',
    why: 'Its versions are below all that Intel lists, or the collateral is older than the platform: fetch it anew.',
  },
  'tcb-revoked': {
    holds: 'The state of the platform is not revoked',
    fails: 'Intel has revoked the state that this platform is in.',
    why: 'Its keys must be assumed to have leaked: anyone could have signed this quote.',
  },

  'policy-tcb-status': {
    holds: 'The platform is in a state that you accept',
    fails: 'Genuine, but its platform is in a state that you do not accept.',
    why: 'A platform that lacks updates has flaws that are known: others may read what should be closed to them.',
  },
  'policy-tcb-evaluation': {
    holds: 'The collateral is from one recovery, and from one that is recent enough',
    fails: 'Genuine, but the collateral is from before a recovery, or from two that do not go together.',
    why: 'Intel counts its rounds of updates. For some weeks, collateral from before and after a round are both current.',
    open: 'Any current collateral was accepted',
  },
  'policy-endorsement-age': {
    holds: 'The collateral is as recent as you ask for',
    fails: 'Genuine, but Intel issued its collateral longer ago than you accept.',
    why: 'The deliverer of collateral can choose an old one that is still in its dates, from before something was revoked.',
    open: 'Any current collateral was accepted, however old',
  },
  'policy-platform': {
    holds: 'It runs on a machine that you accept',
    fails: 'Genuine, but it runs on a machine that you do not know.',
    why: 'The owner of a machine can attack it physically. Only its identity says whose it is.',
    open: 'Any machine was accepted, of any owner',
  },
  'policy-debug': {
    holds: 'It is closed to its operator (not in debug mode)',
    fails: 'Genuine, but in debug mode: its operator can look inside.',
    why: 'In debug mode the operator of the machine can read and change its memory.',
  },
  'policy-migration': {
    holds: 'It cannot be moved to another machine',
    fails: 'Genuine, but it can be moved to another machine.',
    why: 'A migration TD carries it there, and can read it on the way: you would have to trust that one as well.',
  },
  'policy-service-td': {
    holds: 'No other trust domain can read it',
    fails: 'Genuine, but another trust domain can read it.',
    why: 'A service TD is let into the one that it serves: you would have to trust it as well.',
  },
  'policy-measurements': {
    holds: 'It runs the code that you expect',
    fails: 'Genuine, but it runs other code than you expect.',
    why: 'The registers are digests of what was loaded and started. One other byte in it, another digest.',
    open: 'What it runs was not compared: you named no build',
  },
  'policy-report-data': {
    holds: 'It was made for the report data that you expect',
    fails: 'Genuine, but made for other report data than you expect: it may be a replay.',
    why: 'A quote has no date. Your nonce in its report data, and the key that you encrypt to, are what ties it to you.',
    open: 'Whatever it was made for was accepted',
  },

  // Of event logs, of certificates that carry quotes, and of services that are asked: the page says
  // these where they come up.
  'event-log-format': { holds: '', fails: 'The event log is malformed.', why: shape },
  'event-log-digest': {
    holds: '',
    fails: 'An event in the log does not have the digest that the log gives it.',
    why: 'Its name and its payload could be anything.',
  },
  'policy-event': { holds: '', fails: 'The event log does not have the events that you expect.', why: '' },
  'policy-rtmr': { holds: '', fails: 'The event log is not the one that the registers were made by.', why: '' },
  'ra-tls-evidence': { holds: '', fails: 'The certificate carries no evidence that can be read.', why: shape },
  'ra-tls-binding': {
    holds: '',
    fails: 'The evidence was not made for the key of the certificate that carries it.',
    why: 'Otherwise anyone could show someone else’s quote.',
  },
  'endorsement-fetch': { holds: '', fails: 'The service that has the collateral does not answer.', why: collateral },
  'endorsement-format': { holds: '', fails: brokenCollateral, why: collateral },
  'format-unknown': { holds: '', fails: notAQuote, why: shape },
  unsupported,
}

/** Every reason that there are words for. */
export const intelCodes = Object.keys(words) as AttestationErrorCode[]

/** What to say of a check of a quote. */
export function wordsOf(code: AttestationErrorCode): Words {
  return Object.hasOwn(words, code) ? words[code as SharedCode] : words['format-unknown']
}

const appraisals = {
  both: ['policy-tcb-status', 'policy-tcb-evaluation', 'policy-endorsement-age', 'policy-platform', 'policy-debug'],
  tdx: ['policy-migration', 'policy-service-td'],
  last: ['policy-measurements', 'policy-report-data'],
} as const

/** The checks of one kind of quote, in the order they are made. */
export function stagesOf(kind: 'tdx' | 'sgx'): readonly Stage[] {
  return [
    {
      stage: 'decode',
      title: 'Well formed?',
      plan: [
        'quote-version-epid',
        'quote-format',
        'quote-tee',
        'pck-chain-missing',
        'endorsement-missing',
        'cert-parse',
        'tcb-info-format',
        'qe-identity-format',
        'crl-parse',
      ],
    },
    {
      stage: 'verify',
      title: 'Authentic, by Intel’s word?',
      plan: [
        'root-mismatch',
        'cert-algorithm',
        'cert-extension',
        'cert-path-length',
        'cert-chain-name',
        'cert-path',
        'cert-validity',
        'pck-cert-format',
        'crl-issuer',
        'crl-validity',
        'crl-algorithm',
        'tcb-info-validity',
        'qe-identity-validity',
        'cert-chain-signature',
        'crl-signature',
        'crl-revoked',
        'tcb-info-signature',
        'qe-identity-signature',
        'qe-report-signature',
        'attestation-key-binding',
        'quote-signature',
        'tcb-info-mismatch',
        'qe-identity-mismatch',
        ...(kind === 'tdx' ? (['tdx-module-mismatch'] as const) : []),
        'tcb-not-supported',
        'tcb-revoked',
      ],
    },
    {
      stage: 'appraise',
      title: 'What you expect?',
      plan: [...appraisals.both, ...(kind === 'tdx' ? appraisals.tdx : []), ...appraisals.last],
    },
  ]
}
