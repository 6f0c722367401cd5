/**
 * One case per rule: what evidence breaks, and how it must be refused. Everything that a case does
 * not speak of is right, signatures included.
 */
import type { AttestationErrorCode } from '../../../../src/core/codes.ts'
import {
  application,
  authorization,
  bootKey,
  caExtensions,
  challenge,
  coseKey,
  createPhone,
  type DescriptionOverrides,
  enumerated,
  flag,
  keyDescription,
  keyDescriptionId,
  number,
  numbers,
  packageName,
  rootOfTrust,
  sha256,
  signer,
  type WebAuthnOverrides,
} from '../../../attester/android.ts'
import { concat, hex, pattern, unhex, withByte } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { createSigner } from '../../../attester/certificate.ts'
import * as der from '../../../attester/der.ts'
import { extension, keyUsages } from '../../../attester/nitro.ts'
import * as x509 from '@peculiar/x509'
import { type Change, now } from './made.ts'

export interface NegativeCase extends Change {
  readonly code: AttestationErrorCode
  /** The rule that is broken. */
  readonly rule: string
  /** What the message must say. */
  readonly message: RegExp
}

type Row = readonly [rule: string, message: RegExp, change: Change]
type Id = keyof NonNullable<NonNullable<Change['phone']>['certificates']>
type Plan = NonNullable<NonNullable<NonNullable<Change['phone']>['certificates']>[Id]>

const stranger = await createSigner('P-256')
const strangerCa = await createSigner('P-384')
const day = 86_400_000
const critical = true

const rows = (code: AttestationErrorCode, ...list: readonly Row[]): NegativeCase[] =>
  list.map(([rule, message, change]) => ({ code, rule, message, ...change }))
const described = (description: DescriptionOverrides): Change => ({ phone: { description } })
const certificate = (id: Id, plan: Plan, shape: 'factory' | 'remote' = 'factory'): Change => ({
  phone: { shape, certificates: { [id]: plan } },
})
const option = (name: string, value: unknown, change: Change = {}): Change => ({
  ...change,
  options: { ...change.options, [name]: value },
})
const page = (webauthn: WebAuthnOverrides, change: Change = {}): Change => ({ ...change, webauthn })
const status = (statusList: string): Change => option('endorsements', { statusList })
const entry = (tag: number, value: Uint8Array | undefined): Change => described({ hardware: { [tag]: value } })
/** Replaces one of the eight members. */
const member = (index: number, value: Uint8Array): Change =>
  described({ members: (members) => members.map((own, i) => (i === index ? value : own)) })
const boot = (overrides: Parameters<typeof rootOfTrust>[0]): Change => entry(704, rootOfTrust(overrides))
const unlocked = rootOfTrust({ locked: der.boolean(false), state: enumerated(2) })
/** A list with one entry changed, in place. */
const rewritten = (tag: number, content: Uint8Array): Change =>
  described({
    entries: (entries) => entries.map((own) => (hex(own) === hex(authorization(tag, numbers(2, 3))) ? content : own)),
  })
const keyUsage = (usage: Uint8Array): x509.Extension => extension('2.5.29.15', usage, critical)
const basic = (isCa: boolean, pathLength?: number): x509.Extension =>
  new x509.BasicConstraintsExtension(isCa, pathLength, critical)
const description = (value = keyDescription()): x509.Extension => extension(keyDescriptionId, value, !critical)
const longChain = (name: string): Change => ({
  phone: {
    chain: (plans) => {
      const leaf = plans.at(-1) as (typeof plans)[number]
      return [...plans, { ...leaf, id: 'forged', subject: [{ CN: [name] }], extensions: [keyUsage(keyUsages.leaf)] }]
    },
  },
})

export const negativeCases: readonly NegativeCase[] = [
  ...rows('payload-size', [
    'evidence is bounded',
    /^evidence: 70000 bytes, at most 65536 are read$/,
    { evidence: () => new Uint8Array(70_000) },
  ]),
  ...rows(
    'chain-shape',
    [
      'a chain has a root',
      /^number of certificates: expected 2 to 5, found 1$/,
      { certificates: (all) => all.slice(0, 1) },
    ],
    [
      'a chain is short',
      /^number of certificates: expected 2 to 5, found 8$/,
      { certificates: (all) => [...all, ...all] },
    ],
    ['the root is the last one', /^last certificate: it is no root$/, { certificates: (all) => all.slice(0, 3) }],
    [
      'the order is that of the chain',
      /^key description in the leaf alone: another certificate has one as well$/,
      { certificates: (all) => [all[1], all[0], all[2], all[3]].filter((der) => der !== undefined) },
    ],
    [
      'one key description',
      /^key description in the leaf alone/,
      certificate('attestation', { extensions: [...caExtensions(), description()] }),
    ],
    ['an attested key certifies nothing', /^key description in the leaf alone/, longChain('forged')],
    [
      'a factory chain has four certificates',
      /^chain of factory: expected 4 certificates, found 3 certificates$/,
      { phone: { chain: (plans) => plans.filter(({ id }) => id !== 'intermediate') } },
    ],
    [
      'a remote chain has five certificates',
      /^chain of remote: expected 5 certificates, found 4 certificates$/,
      { phone: { shape: 'remote', chain: (plans) => plans.filter(({ id }) => id !== 'ca3') } },
    ],
    [
      'a factory names a serial number',
      /^chain of software, or an emulator: expected factory or remote, found 4 certificates$/,
      certificate('intermediate', { subject: [{ CN: ['Android Keystore Software Attestation Intermediate'] }] }),
    ],
    [
      'remote provisioning is Google LLC',
      /^chain of software, or an emulator/,
      certificate('ca2', { subject: [{ O: ['Goggle LLC'] }, { CN: ['Droid CA2'] }] }, 'remote'),
    ],
    [
      'remote provisioning is Droid CA2',
      /^chain of software, or an emulator/,
      certificate('ca2', { subject: [{ O: ['Google LLC'] }, { CN: ['Droid CA4'] }] }, 'remote'),
    ],
  ),
  ...rows(
    'cert-parse',
    ['DER', /^chain: /, { evidence: (bytes) => bytes.subarray(0, 100) }],
    ['no PEM at all', /no PEM block/, { evidence: () => new TextEncoder().encode('chain') }],
    [
      'certificates alone',
      /PEM block is labelled "PRIVATE KEY"/,
      { evidence: () => new TextEncoder().encode('-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n') },
    ],
    [
      'version 3',
      /^certificate 2: not an X\.509 v3 certificate$/,
      certificate('intermediate', {
        tbs: (elements) => [der.explicit(0, der.integer(1)), ...elements.slice(1)],
      }),
    ],
    [
      'no extension twice',
      /^certificate 0: extension 2b06010401d679020111 is there twice$/,
      certificate('leaf', {
        tbs: (elements) => {
          const own = der.sequence(der.objectIdentifier(keyDescriptionId), der.octetString(keyDescription()))
          return [...elements.slice(0, 7), der.explicit(3, der.sequence(own, own))]
        },
      }),
    ],
  ),
  ...rows(
    'root-mismatch',
    [
      'the root is a trusted key',
      /^key of the root, SHA-256 [0-9a-f]{64}: with its name, none of 1 that are trusted$/,
      { phone: { certificates: { root: {} }, keys: new Map() }, options: { trustAnchors: [await otherRoot()] } },
    ],
    ["Google's roots by default", /none of 2 that are trusted$/, option('trustAnchors', undefined)],
    [
      'a root that is left out is trusted',
      /^root that the chain leaves out: none of 1 that are trusted$/,
      page(
        { x5c: (all) => all.slice(0, -1) },
        { phone: { certificates: { intermediate: { issuer: [{ CN: ['other'] }] } } } },
      ),
    ],
  ),
  ...rows('cert-chain-name', [
    'each certificate names its issuer',
    /^issuer of certificate 0 is not certificate 1$/,
    certificate('leaf', { issuer: [{ CN: ['other'] }] }),
  ]),
  ...rows(
    'cert-extension',
    [
      'CAs from the third certificate on',
      /^certificate 2 must be a CA with keyCertSign$/,
      certificate('intermediate', { extensions: [keyUsage(keyUsages.authority)] }),
    ],
    [
      'CAs that may sign certificates',
      /^certificate 2 must be a CA with keyCertSign$/,
      certificate('intermediate', { extensions: [basic(true), keyUsage(keyUsages.leaf)] }),
    ],
    [
      'path length',
      /^certificate 2 has too many certificates below it$/,
      certificate('intermediate', { extensions: caExtensions(0) }),
    ],
    [
      'no critical extension that is not known',
      /^certificate 1 has the unknown critical extension 551d24$/,
      certificate('attestation', {
        extensions: [...caExtensions(), extension('2.5.29.36', unhex('3003800100'), critical)],
      }),
    ],
    [
      'no name constraints above the attestation certificate',
      /^certificate 2 has name constraints$/,
      certificate('intermediate', {
        extensions: [...caExtensions(), extension('2.5.29.30', unhex('3000'), critical)],
      }),
    ],
  ),
  ...rows('cert-algorithm', [
    'an algorithm that is known',
    /^signature of certificate 1: expected ECDSA/,
    certificate('attestation', { hash: 'SHA-512' }),
  ]),
  ...rows(
    'cert-chain-signature',
    ['leaf', /^certificate 0: signature does not match certificate 1$/, certificate('leaf', { signedBy: stranger })],
    [
      'attestation certificate',
      /^certificate 1: signature does not match certificate 2$/,
      certificate('attestation', { signedBy: strangerCa }),
    ],
    [
      'below the root',
      /^certificate 2: signature does not match certificate 3$/,
      certificate('intermediate', { signedBy: strangerCa }),
    ],
    [
      'below a root that is left out',
      /^certificate 2: signature does not match the root$/,
      page({ x5c: (all) => all.slice(0, -1) }, { phone: { certificates: { intermediate: { signedBy: strangerCa } } } }),
    ],
  ),
  ...rows(
    'cert-validity',
    [
      'a factory certificate is valid already',
      /^dates of certificate 1: expected 2026-06-02/,
      certificate('attestation', { notBefore: new Date(now.getTime() + day) }),
    ],
    [
      'a remote certificate is valid still',
      /^dates of certificate 1: expected .* to 2026-05-31T12:00:00\.000Z, found 2026-06-01/,
      certificate('attestation', { notAfter: new Date(now.getTime() - day) }, 'remote'),
    ],
    [
      'an intermediate of a remote chain is valid still',
      /^dates of certificate 2/,
      certificate('ca3', { notAfter: new Date(now.getTime() - day) }, 'remote'),
    ],
    [
      'clocks are as far apart as allowed',
      /^dates of certificate 1/,
      option(
        'clockSkewSeconds',
        59,
        certificate('attestation', { notAfter: new Date(now.getTime() - 60_000) }, 'remote'),
      ),
    ],
  ),
  ...rows(
    'endorsement-format',
    ['a list is JSON', /^status list: not JSON$/, status('<html>')],
    ['no name twice', /a name is/, status('{"entries":{"1":{"status":"REVOKED"}},"entries":{}}')],
    ['it has entries', /^status list: entries: expected object, found nothing$/, status('{}')],
    ['entries are an object', /^status list: entries: expected object, found array$/, status('{"entries":[]}')],
    [
      'serial numbers',
      /^status list: "__proto__" is no serial number$/,
      status('{"entries":{"__proto__":{"status":"R"}}}'),
    ],
    ['an entry has a status', /^status list: entry 1a has no status$/, status('{"entries":{"1a":{"reason":"R"}}}')],
    ['a status is text', /^status list: entry 1a has no status$/, status('{"entries":{"1a":{"status":1}}}')],
    ['a list is bounded', /^status list: more than 8388608 characters$/, status(' '.repeat(8_388_609))],
  ),
  ...rows('status-expired', [
    'a list is used no longer than it may be',
    /^status list: expected used until 2026-06-01T11:59:59\.999Z, found 2026-06-01T12:00:00\.000Z$/,
    option('endorsements', { statusList: '{"entries":{}}', validUntil: new Date(now.getTime() - 1) }),
  ]),
  ...rows(
    'status-revoked',
    [
      'the leaf counts',
      /^certificate 0, serial number 01: expected not in the status list, found REVOKED$/,
      status('{"entries":{"1":{"status":"REVOKED"}}}'),
    ],
    [
      'whatever its status, in either case',
      /^certificate 1, serial number 0099aabbcc: expected not in the status list, found SUSPENDED$/,
      status('{"entries":{"099AABBCC":{"status":"SUSPENDED"}}}'),
    ],
    ['the root counts', /^certificate 3/, status('{"entries":{"e8fa196314d2fa18":{"status":"GONE"}}}')],
  ),
  ...rows(
    'key-description',
    [
      'there is one',
      /^key description: the leaf has none$/,
      certificate('leaf', { extensions: [keyUsage(keyUsages.leaf)] }),
    ],
    ['nothing follows', /1 bytes left over/, described({ value: (value) => concat(value, [0]) })],
    ['eight members', /softwareEnforced at|hardwareEnforced at/, described({ members: (all) => all.slice(0, 7) })],
    ['no ninth member', /bytes left over/, described({ members: (all) => [...all, number(1)] })],
    [
      'a version that is known',
      /attestationVersion must be one of 1, 2, .*500, found 450$/,
      described({ version: 450 }),
    ],
    ['a version from 0', /integer out of range$/, member(0, der.integer(0xff))],
    ['shortest numbers', /attestationVersion is not DER$/, member(0, der.integer(0, 4))],
    ['levels', /attestationSecurityLevel must be 0, 1 or 2, found 3$/, described({ attestationLevel: 3 })],
    ['levels are enumerated', /attestationSecurityLevel must have the tag a, found 2$/, member(1, number(1))],
    ['levels of one byte', /keyMintSecurityLevel must be 0, 1 or 2/, member(3, unhex('0a020101'))],
    ['a challenge in bytes', /attestationChallenge must have the tag 4/, member(4, number(1))],
    ['definite lengths', /length of hardwareEnforced not in shortest form/, member(7, unhex('30800000'))],
    [
      'tags ascend',
      /tag 1 behind tag 2$/,
      described({ entries: ([first, second, ...more]) => [second, first, ...more].filter((own) => own !== undefined) }),
    ],
    [
      'tags once',
      /tag 1 behind tag 1$/,
      described({ entries: ([first, ...more]) => [first, first, ...more].filter((own) => own !== undefined) }),
    ],
    ['explicit tags', /tag 1 is not explicit$/, rewritten(1, unhex('810102'))],
    [
      'tags without padding',
      /number of a tag not in shortest form$/,
      rewritten(1, concat(unhex('bf8001'), numbers(2))),
    ],
    [
      'short tags where they fit',
      /number of a tag not in shortest form$/,
      rewritten(1, concat(unhex('bf0105'), numbers(2))),
    ],
    ['tags of four digits', /number of a tag not in shortest form$/, rewritten(1, unhex('bf818080800100'))],
    ['one value for a tag', /bytes left over/, rewritten(1, authorization(1, numbers(2), numbers(3)))],
    ['values within their tag', /needs 200 bytes/, rewritten(1, unhex('a181c8'))],
    ['numbers in a set', /purpose must have the tag 31, found 2$/, entry(1, number(2))],
    ['numbers in the set', /purpose must have the tag 2, found 4$/, entry(1, der.set(der.octetString(pattern(1))))],
    ['numbers from 0', /origin out of range$/, entry(702, der.integer(0xff))],
    [
      'numbers of 64 bits',
      /creationDateTime out of range|userAuthType out of range/,
      entry(504, der.unsigned(pattern(10, 1))),
    ],
    ['flags are empty', /noAuthRequired is not DER$/, entry(503, unhex('050100'))],
    ['identifiers are bytes', /tag 710 must have the tag 4/, entry(710, number(1))],
    ['a root of trust is a sequence', /rootOfTrust must have the tag 30/, entry(704, number(1))],
    ['TRUE is ff', /deviceLocked \(a BOOLEAN is 00 or FF\) is not DER$/, boot({ locked: unhex('010101') })],
    ['boot states', /verifiedBootState must be 0 to 3, found 4$/, boot({ state: enumerated(4) })],
    ['boot states are enumerated', /verifiedBootState must have the tag a/, boot({ state: number(0) })],
    ['a boot hash from version 3 on', /verifiedBootHash at/, boot({ hash: undefined })],
    ['no boot hash before version 3', /bytes left over/, described({ version: 2, keyMintVersion: 3 })],
    [
      'an application is DER',
      /application must have the tag 30/,
      described({ software: { 709: der.octetString(number(1)) } }),
    ],
    [
      'nothing behind an application',
      /bytes left over/,
      described({ software: { 709: der.octetString(concat(der.contentOf(application()), [0])) } }),
    ],
    [
      'package names are UTF-8',
      /packageName is not UTF-8$/,
      described({ software: { 709: application([[unhex('ff'), 1]]) } }),
    ],
  ),
  ...rows(
    'policy-nonce',
    ['the challenge', /^challenge: expected 0708/, described({ challenge: pattern(32, 8) })],
    ['all of the challenge', /^challenge: /, described({ challenge: challenge.slice(0, 31) })],
    ['a challenge', /found no bytes$/, described({ challenge: new Uint8Array() })],
    ['the challenge of the client data', /^challenge: expected 0708.* found 0809/, page({ challenge: pattern(32, 8) })],
  ),
  ...rows(
    'policy-security-level',
    ['not software', /found software, software, tee$/, described({ attestationLevel: 0, keyMintLevel: 0 })],
    ['attested where it is kept', /found software, tee, tee$/, described({ attestationLevel: 0 })],
    ['both levels', /found strongbox, tee, tee$/, described({ attestationLevel: 2 })],
    [
      'the level asked for',
      /expected strongbox or more, all the same, found tee, tee, tee$/,
      option('securityLevel', 'strongbox'),
    ],
    [
      'certificates of a TEE vouch for no StrongBox',
      /found strongbox, strongbox, tee$/,
      described({ attestationLevel: 2, keyMintLevel: 2 }),
    ],
    [
      'certificates that say nothing vouch for no StrongBox',
      /found strongbox, strongbox, nothing$/,
      {
        phone: {
          description: { attestationLevel: 2, keyMintLevel: 2 },
          certificates: {
            intermediate: { subject: [{ '2.5.4.5': ['01'] }] },
            attestation: { subject: [{ '2.5.4.5': ['02'] }] },
          },
        },
      },
    ],
    ['certificates of a StrongBox vouch for no TEE', /found tee, tee, strongbox/, { phone: { level: 'StrongBox' } }],
    [
      'certificates agree',
      /found strongbox, strongbox, tee and strongbox|found strongbox, strongbox, strongbox and tee/,
      {
        phone: {
          level: 'StrongBox',
          description: { attestationLevel: 2, keyMintLevel: 2 },
          certificates: { attestation: { subject: [{ '2.5.4.12': ['TEE'] }, { '2.5.4.5': ['02'] }] } },
        },
      },
    ],
    [
      'remote certificates say it',
      /found tee, tee, nothing$/,
      certificate('attestation', { subject: [{ O: ['Phone'] }, { CN: ['00'] }] }, 'remote'),
    ],
  ),
  ...rows(
    'policy-key',
    ['made inside', /^origin of the key, by the hardware: expected 0 \(generated\), found 2$/, entry(702, number(2))],
    ['an origin', /found undefined$/, entry(702, undefined)],
    [
      'an origin that the hardware says',
      /found undefined$/,
      described({ hardware: { 702: undefined }, software: { 702: number(0) } }),
    ],
    ['not for all applications', /^use of the key: all applications may$/, entry(600, flag)],
    ['not for all applications, as Android says', /^use of the key/, described({ software: { 600: flag } })],
    [
      'for what it shall be for',
      /^purposes of the key, by the hardware: expected 6 \(agree\), found 2, 3$/,
      option('purposes', ['agree']),
    ],
    [
      'for what the hardware says',
      /found none$/,
      option('purposes', ['sign'], described({ hardware: { 1: undefined }, software: { 1: numbers(2) } })),
    ],
    ['credentials sign', /expected 2 \(sign\), found 6$/, page({}, entry(1, numbers(6)))],
  ),
  ...rows(
    'policy-boot',
    ['a root of trust', /^boot, by the hardware: .*found nothing$/, entry(704, undefined)],
    [
      'a root of trust that the hardware says',
      /found nothing$/,
      described({ hardware: { 704: undefined }, software: { 704: rootOfTrust() } }),
    ],
    ['locked', /found unlocked, verified by/, boot({ locked: der.boolean(false) })],
    ['verified', /found locked, unverified by/, boot({ state: enumerated(2) })],
    ['not failed', /found locked, failed by/, boot({ state: enumerated(3) })],
    ["signed by the maker's key", /found locked, self-signed by 0b0c/, boot({ state: enumerated(1) })],
    [
      'signed by a key that is pinned',
      /locked, verified or by one of 1 keys, found locked, self-signed by 0b0c/,
      option('verifiedBootKeys', [pattern(32, 12)], boot({ state: enumerated(1) })),
    ],
    [
      'a pinned key on a locked device',
      /found unlocked, self-signed by 0b0c/,
      option('verifiedBootKeys', [bootKey], boot({ locked: der.boolean(false), state: enumerated(1) })),
    ],
    [
      'a pinned key vouches for no unverified boot',
      /found locked, unverified by 0b0c/,
      option('verifiedBootKeys', [bootKey], boot({ state: enumerated(2) })),
    ],
    [
      'allowDebug replaces no root of trust',
      /expected any, allowed, found nothing$/,
      option('debug', Symbol.for('veritee.allowDebug'), entry(704, undefined)),
    ],
    ['unlocked', /found unlocked, unverified/, entry(704, unlocked)],
  ),
  ...rows(
    'policy-patch-level',
    [
      'of the system',
      /^osPatchLevel: expected at least 202606, by the hardware, found 202605$/,
      option('minimumOsPatchLevel', 202606),
    ],
    ['of the vendor', /^vendorPatchLevel: /, option('minimumVendorPatchLevel', 20260506)],
    ['of the boot loader', /^bootPatchLevel: /, option('minimumBootPatchLevel', 20260502)],
    ['0 is none', /found 0$/, option('minimumOsPatchLevel', 202001, entry(706, number(0)))],
    ['none is none', /found 0$/, option('minimumBootPatchLevel', 20200101, entry(719, undefined))],
    ['a day is no month', /found 20260501$/, option('minimumOsPatchLevel', 202601, entry(706, number(20_260_501)))],
    [
      'a month is its first day',
      /found 202605$/,
      option('minimumVendorPatchLevel', 20260501, entry(718, number(202_605))),
    ],
    [
      'the hardware says it',
      /found 0$/,
      option(
        'minimumOsPatchLevel',
        202001,
        described({ hardware: { 706: undefined }, software: { 706: number(202_605) } }),
      ),
    ],
  ),
  ...rows(
    'policy-application',
    [
      'the package',
      /^application, 1 of 1: expected com\.example, signed by .* found dev\.veritee\.demo 7, signed by/,
      option('referenceValues', { packageName: 'com.example', signers: [signer] }),
    ],
    ['the signer', /^application/, option('referenceValues', { packageName, signers: [pattern(32, 4)] })],
    [
      'every signer',
      /^application/,
      described({ software: { 709: application(undefined, [signer, pattern(32, 4)]) } }),
    ],
    ['a signer', /signed by none$/, described({ software: { 709: application(undefined, []) } })],
    [
      'no package beside it',
      /^application/,
      described({
        software: {
          709: application([
            [packageName, 7],
            ['com.example', 1],
          ]),
        },
      }),
    ],
    [
      'every package',
      /^application/,
      option('referenceValues', { packageName: [packageName, 'com.example'], signers: [signer] }),
    ],
    [
      'the version',
      /version 8 or later/,
      option('referenceValues', { packageName, signers: [signer], minimumVersion: 8 }),
    ],
    ['an application', /found nothing, signed by none$/, described({ software: { 709: undefined } })],
    [
      'an application that Android says',
      /found nothing/,
      described({ software: { 709: undefined }, hardware: { 709: application() } }),
    ],
  ),
  ...rows(
    'outer-cbor',
    ['nothing follows', /1 bytes left over/, page({}, { evidence: (bytes) => concat(bytes, [0]) })],
    ['CBOR', /^attestation object: /, page({}, { evidence: () => unhex('ff') })],
    ['shortest heads', /not in shortest form/, page({ statement: { alg: unhex('3806') } })],
  ),
  ...rows(
    'webauthn-format',
    [
      'a chain is no attestation object',
      /^chain without an attestation object: this is one/,
      { ...page({}), options: { webauthn: undefined } },
    ],
    ['the format', /fmt: expected android-key, found "none"$/, page({ object: { fmt: cbor.text('none') } })],
    ['three members', /must be a map with exactly fmt, attStmt, authData$/, page({ object: { more: cbor.nothing } })],
    ['a statement', /attStmt must be a map$/, page({ object: { attStmt: cbor.nothing } })],
    ['authenticator data', /authData must be bytes$/, page({ object: { authData: cbor.nothing } })],
    ['three members of the statement', /exactly alg, sig, x5c$/, page({ statement: { ver: cbor.text('2') } })],
    ['an algorithm that is known', /alg must be -7, -35 or -257$/, page({ statement: { alg: cbor.negative(-8) } })],
    ['a signature', /sig must be bytes$/, page({ statement: { sig: cbor.text('') } })],
    ['certificates', /x5c must be a list of certificates$/, page({ statement: { x5c: cbor.array() } })],
    ['certificates in bytes', /x5c must be a list/, page({ statement: { x5c: cbor.array(cbor.text('')) } })],
    ['a credential', /no attested credential$/, page({ flags: 0x05 })],
    ['a user', /the user was not present$/, page({ flags: 0x44 })],
    ['nothing behind the key', /1 bytes left over/, page({ authData: (data) => concat(data, [0]) })],
    ['extensions where they are announced', /item at/, page({ flags: 0xc5 })],
    ['extensions are a map', /extensions must be a map$/, page({ flags: 0xc5, authData: (data) => concat(data, [0]) })],
    ['a key is a map', /credentialPublicKey must be a map$/, page({ credentialKey: cbor.nothing })],
    ['whole authenticator data', /aaguid at 37 needs 16 bytes/, page({ authData: (data) => data.slice(0, 40) })],
  ),
  ...rows(
    'webauthn-client-data',
    ['UTF-8', /^client data: not UTF-8$/, page({ clientDataJSON: unhex('ff') })],
    ['JSON', /^client data: not JSON$/, page({ clientDataJSON: unhex('7b') })],
    ['an object', /type: expected string, found nothing$/, page({ clientDataJSON: unhex('31') })],
    ['type', /type: expected webauthn\.create, found webauthn\.get$/, page({ clientData: { type: 'webauthn.get' } })],
    [
      'origin',
      /origin: expected https:\/\/veritee\.example, found https:\/\/evil\.example$/,
      page({ origin: 'https://evil.example' }),
    ],
    ['no page inside another', /crossOrigin must be false$/, page({ clientData: { crossOrigin: true } })],
    [
      'a page that says whether it is inside another',
      /crossOrigin must be false$/,
      page({ clientData: { crossOrigin: null } }),
    ],
    ['a challenge', /challenge: expected string/, page({ clientData: { challenge: undefined } })],
    ['a challenge in base64url', /challenge must be base64url$/, page({ clientData: { challenge: 'a+b/' } })],
    [
      'relying party',
      /^relying party of the authenticator data: it is not veritee\.example$/,
      page({ rpId: 'evil.example' }),
    ],
    [
      'the phone was asked for these client data',
      /^attestation challenge: it is not the digest of the client data$/,
      page({}, described({ challenge: await sha256(pattern(3)) })),
    ],
  ),
  ...rows(
    'webauthn-key',
    [
      "the credential's key",
      /^credential key: it is not the leaf's, for ES256$/,
      page({ credentialKey: await coseKey(stranger) }),
    ],
    ['no private key', /^credential key/, page({ credentialKey: withPrivate(await coseKey(stranger)) })],
    ['the algorithm of the statement', /for ES384$/, page({ statement: { alg: cbor.negative(-35) } })],
    ['RSA where it is said', /for RS256$/, page({ statement: { alg: cbor.encode(-257) } })],
  ),
  ...rows(
    'webauthn-signature',
    [
      'the attested key signed',
      /^attestation statement: signature does not match certificate 0$/,
      page({ signer: stranger }),
    ],
    [
      'over these data',
      /^attestation statement/,
      page({ statement: { sig: cbor.bytes(withByte(der.ecdsaSignature(pattern(64, 1)), -1, (byte) => byte ^ 1)) } }),
    ],
  ),
]

function withPrivate(key: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([0xa6], key.subarray(1), cbor.negative(-4), cbor.bytes(pattern(32)))
}

async function otherRoot(): Promise<Uint8Array<ArrayBuffer>> {
  return (await createPhone({ now })).root
}
