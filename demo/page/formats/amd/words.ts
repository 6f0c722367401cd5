/**
 * What every check of a report of SEV-SNP means, for people. Loaded with what verifies it, so that
 * visitors with other evidence need not wait for it.
 */
import type { AmdErrorCode, AttestationErrorCode } from '../../../../src/index.ts'
import { shape, type Stage, unsupported, type Words } from '../../words.ts'

const notAReport = 'This is not a report of AMD SEV-SNP.'
const brokenChain = 'The certificates are not those of a genuine AMD processor.'
const brokenList = 'The revocation list is not what it should be.'

const endorsements =
  'Endorsements are what AMD says of the key: its certificate, those above it, and which of them are revoked.'
const lists = 'A certificate is worth nothing once its key has leaked. AMD lists those, and the list must be AMD’s too.'
const ofThisKey =
  'A report says of itself which chip and which versions made it. Only the certificate, which AMD signed, says which chip and versions have the key.'

/** The reasons that a report shares with other evidence, in words of its own. */
type SharedCode =
  | 'format-unknown'
  | 'unsupported'
  | 'root-mismatch'
  | `cert-${'parse' | 'algorithm' | 'extension' | 'path-length' | 'chain-name' | 'validity' | 'chain-signature'}`
  | `crl-${'parse' | 'algorithm' | 'extension' | 'issuer' | 'validity' | 'signature' | 'revoked'}`
  | `endorsement-${'missing' | 'format' | 'fetch'}`
  | `policy-${'debug' | 'migration' | 'measurements' | 'report-data' | 'platform'}`

type OwnCode = AmdErrorCode

const words: Readonly<Record<OwnCode | SharedCode, Words>> = {
  'report-size': { holds: 'It is as long as a report, with or without certificates', fails: notAReport, why: shape },
  'cert-table': {
    holds: 'The certificates behind it are in a well-formed table',
    fails: 'What follows the report is no certificate table.',
    why: 'A host may put certificates behind a report. Nothing signs them, so only that of the report’s own key is ever used.',
  },
  'report-version': { holds: 'Its version is known', fails: notAReport, why: `Versions 2 to 5 are known. ${shape}` },
  'report-algorithm': {
    holds: 'It names the signature algorithm that AMD uses',
    fails: 'It names another signature algorithm than AMD’s.',
    why: 'ECDSA on P-384 with SHA-384 is the only one.',
  },
  'report-reserved': {
    holds: 'Everything that is reserved in it is zero',
    fails: 'Something in it is set that AMD keeps zero.',
    why: `What a later version means by it is not known here. ${shape}`,
  },
  'report-signing-key': {
    holds: 'It says which kind of key signed it',
    fails: 'It does not say that a key of a chip or a cloud signed it.',
    why: 'With a masked key the firmware writes zeros in the place of a signature.',
  },
  'report-product': {
    holds: 'The processor is of a line that is known',
    fails: 'No root is known for this processor.',
    why: 'Milan, Genoa and Turin have a root certificate each, and theirs are pinned.',
  },
  'endorsement-missing': {
    holds: 'The endorsements are complete',
    fails: 'Something is missing from the endorsements.',
    why: `${endorsements} Without all of it no one knows whether the key is sound.`,
  },
  'endorsement-format': {
    holds: '',
    fails: 'The endorsements are malformed.',
    why: endorsements,
    part: 'endorsement-missing',
  },
  'endorsement-fetch': {
    holds: '',
    fails: 'The service that has the endorsements does not answer.',
    why: endorsements,
  },
  'root-mismatch': {
    holds: 'The chain begins at a trusted root certificate (ARK)',
    fails: 'It does not come from a trusted root.',
    why: 'Anyone can make a chain of certificates with AMD’s names. Only those that begin at a pinned root, byte for byte, are AMD’s.',
  },
  'cert-parse': { holds: 'Every certificate is well-formed', fails: 'A certificate is malformed.', why: shape },
  'crl-parse': { holds: 'The revocation list is well-formed', fails: brokenList, why: shape },
  'crl-extension': { holds: '', fails: brokenList, why: shape, part: 'crl-parse' },
  'cert-algorithm': {
    holds: 'Every certificate uses the algorithms that AMD uses (RSA-PSS 4096, P-384)',
    fails: 'A certificate uses an algorithm that AMD does not use.',
    why: 'A weak key anywhere in a chain would be enough for a forger.',
  },
  'cert-extension': {
    holds: 'Every certificate is used for what it was issued for',
    fails: brokenChain,
    why: 'Authorities issue, a chip’s key signs reports, and none may do the other’s work.',
  },
  'cert-path-length': {
    holds: 'No authority is deeper in the chain than allowed',
    fails: brokenChain,
    why: 'Each authority says how many more may follow below it.',
  },
  'cert-chain-name': {
    holds: 'Every certificate has the name that AMD gives it, and names the one above it',
    fails: brokenChain,
    why: 'The names say which line of processors it is, and whether the key is of a chip (VCEK) or of a cloud (VLEK).',
  },
  'cert-validity': {
    holds: 'Every certificate is valid now',
    fails: 'A certificate is not valid now.',
    why: 'Outside its dates no one vouches for a certificate any more.',
  },
  'vek-product-mismatch': {
    holds: 'Processor, certificates and key are of one line',
    fails: 'The certificates are those of another line of processors.',
    why: ofThisKey,
  },
  'crl-issuer': { holds: 'The revocation list is that of the root', fails: brokenList, why: lists },
  'crl-validity': {
    holds: 'The revocation list is current',
    fails: 'The revocation list is out of date.',
    why: 'An old list does not know what was revoked since. Fetch it anew: AMD issues them for weeks or months.',
  },
  'crl-algorithm': { holds: 'It uses the algorithm that AMD uses', fails: brokenList, why: lists },
  'cert-chain-signature': {
    holds: 'Every certificate is signed by the one above it',
    fails: 'A certificate was not signed by the one above it.',
    why: 'This is what leads from the pinned root down to the key of this one chip or cloud.',
  },
  'crl-signature': {
    holds: 'The revocation list is signed by the root',
    fails: 'The revocation list is not signed by the root that it names.',
    why: lists,
  },
  'crl-revoked': {
    holds: 'The authority of this key is not revoked',
    fails: 'The authority that certified this key is revoked.',
    why: 'AMD has revoked the first one of Genoa, for example. What it certified is no word of AMD’s any more.',
  },
  'vek-cert-format': {
    holds: 'The certificate of the key says which chip and versions it is for',
    fails: 'The certificate of the key is malformed.',
    why: ofThisKey,
  },
  'vek-tcb-mismatch': {
    holds: 'The key is of the versions that the report says',
    fails: 'The report says other versions than its key is for.',
    why: ofThisKey,
  },
  'vek-chip-id-mismatch': {
    holds: 'The key is of the chip that the report names',
    fails: 'The report names another chip than its key is of.',
    why: ofThisKey,
  },
  'report-tcb': {
    holds: 'Reported and committed versions are not above those that run',
    fails: 'It claims versions above those that run.',
    why: 'The firmware never writes such a report.',
  },
  'report-signature': {
    holds: 'The report is signed with that key',
    fails: 'Forged or altered: the signature does not fit the content.',
    why: 'One changed bit is enough to break it. Nothing in the report can be believed.',
  },

  'policy-product': {
    holds: 'It runs on a line of processors that you accept',
    fails: 'Genuine, but on a line of processors that you do not accept.',
    why: 'The owner of a Milan machine can read its root secret by software and sign any report with it (arXiv 2605.12990): its report proves nothing against that owner.',
  },
  'policy-csp': {
    holds: 'It runs in a cloud that you accept',
    fails: 'Genuine, but it runs in another cloud.',
    why: 'The key of a cloud vouches for all of its machines, and for no other.',
    open: 'Any cloud was accepted',
  },
  'policy-platform': {
    holds: 'It runs on a machine that you accept',
    fails: 'Genuine, but it runs on a machine that you do not know.',
    why: 'The owner of a machine can attack it physically. Only its identity says whose it is.',
    open: 'Any machine was accepted, of any owner',
  },
  'policy-debug': {
    holds: 'It is closed to its host (not in debug mode)',
    fails: 'Genuine, but in debug mode: the host can look inside.',
    why: 'In debug mode the host can read and change the memory of the guest.',
  },
  'policy-migration': {
    holds: 'It cannot be moved to another machine',
    fails: 'Genuine, but it can be moved to another machine.',
    why: 'A migration agent carries it there, and can read it on the way: you would have to trust that one as well.',
  },
  'policy-vmpl': {
    holds: 'The most privileged level of the guest asked for it',
    fails: 'Genuine, but a level asked for it that you do not accept.',
    why: 'A guest has four levels (VMPL). Below level 0 there is other code above, which the caller does not control; the host can ask as well.',
  },
  'policy-guest-policy': {
    holds: 'The firmware enforces the policy that you expect',
    fails: 'Genuine, but launched with another policy than you expect.',
    why: 'The policy was fixed at launch. Bits that are not known here may allow anything.',
  },
  'policy-platform-info': {
    holds: 'The machine is set up as you expect',
    fails: 'Genuine, but the machine is not set up as you expect.',
    why: 'Without the check for aliases, a memory module that lies about its size lets the host read and replay memory (BadRAM).',
  },
  'policy-tcb': {
    holds: 'No version is below your minimum, now and committed',
    fails: 'Genuine, but its firmware or microcode is below your minimum.',
    why: 'AMD has no list of versions that is signed for programs. The minimum is yours to set, from AMD’s bulletins.',
    open: 'No minimum of versions was set: known flaws may be open',
  },
  'policy-firmware': {
    holds: 'The committed firmware is not below your minimum',
    fails: 'Genuine, but its firmware is below your minimum.',
    why: 'Below the committed version the host cannot go.',
    open: 'No minimum of the firmware was set',
  },
  'policy-provisional-firmware': {
    holds: 'The host cannot go back to older firmware',
    fails: 'Genuine, but the host can still go back to older firmware.',
    why: 'What runs is not committed: a host could bring an old flaw back after you have looked.',
  },
  'policy-mitigations': {
    holds: 'The mitigations that you ask for are on',
    fails: 'Genuine, but mitigations that you ask for are off.',
    why: 'Reports of version 5 say which are on.',
    open: 'No mitigations were asked for',
  },
  'policy-guest-svn': {
    holds: 'The version of the guest is not below your minimum',
    fails: 'Genuine, but the guest is older than you accept.',
    why: 'Its builder counts it up when a flaw was mended.',
    open: 'Any version of the guest was accepted',
  },
  'policy-measurements': {
    holds: 'It was launched from what you expect',
    fails: 'Genuine, but launched from something else than you expect.',
    why: 'The measurement is a digest of everything that was in memory when the guest began to run. One other byte in it, another digest.',
    open: 'What it runs was not compared: you named no build',
  },
  'policy-report-data': {
    holds: 'It was made for the report data that you expect',
    fails: 'Genuine, but made for other report data than you expect: it may be a replay.',
    why: 'A report has no date. Your nonce in its report data, and the key that you encrypt to, are what ties it to you.',
    open: 'Whatever it was made for was accepted',
  },

  'format-unknown': { holds: '', fails: notAReport, why: shape },
  unsupported,
}

/** Every reason that there are words for. */
export const amdCodes = Object.keys(words) as AttestationErrorCode[]

/** What to say of a check of a report. */
export function wordsOf(code: AttestationErrorCode): Words {
  return Object.hasOwn(words, code) ? words[code as OwnCode] : words['format-unknown']
}

/** The checks of a report, in the order they are made. */
export const stages: readonly Stage[] = [
  {
    stage: 'decode',
    title: 'Well formed?',
    plan: [
      'report-size',
      'cert-table',
      'report-version',
      'report-algorithm',
      'report-reserved',
      'report-signing-key',
      'endorsement-missing',
      'crl-parse',
    ],
  },
  {
    stage: 'verify',
    title: 'Authentic, by AMD’s word?',
    plan: [
      'report-product',
      'root-mismatch',
      'cert-parse',
      'cert-algorithm',
      'cert-extension',
      'cert-path-length',
      'cert-chain-name',
      'cert-validity',
      'vek-product-mismatch',
      'crl-issuer',
      'crl-validity',
      'crl-algorithm',
      'cert-chain-signature',
      'crl-signature',
      'crl-revoked',
      'vek-cert-format',
      'vek-tcb-mismatch',
      'vek-chip-id-mismatch',
      'report-tcb',
      'report-signature',
    ],
  },
  {
    stage: 'appraise',
    title: 'What you expect?',
    plan: [
      'policy-product',
      'policy-csp',
      'policy-platform',
      'policy-debug',
      'policy-migration',
      'policy-vmpl',
      'policy-guest-policy',
      'policy-platform-info',
      'policy-tcb',
      'policy-firmware',
      'policy-provisional-firmware',
      'policy-mitigations',
      'policy-guest-svn',
      'policy-measurements',
      'policy-report-data',
    ],
  },
]
