/**
 * `nsmSource`: the messages of the Nitro Security Module, and every way to it. A library that stands
 * in for the C library of an enclave shows that Deno, Bun and the program for Node make the one call
 * of its driver as it must be made.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { decode, encode } from 'cbor-x'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AttestRequest,
  nsmCommand,
  type NsmCommandOptions,
  type NsmDevice,
  nsmDevice,
  type NsmDeviceOptions,
  nsmSource,
  type NsmSourceOptions,
} from '../../src/attesters/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import { type AttestedFetchOptions, keyHashInUserData } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { createNitroAttester } from '../attester/nitro.ts'
import { echo } from '../gateway/bench.ts'
import { createFakeClock } from '../gateway/fake-clock.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, findOnPath, run as runProgram } from '../portable/programs.ts'
import { findBun } from '../portable/run-bun.ts'
import { findDeno } from '../portable/run-deno.ts'

const run = promisify(execFile)
const request: AttestRequest = {
  nonce: new Uint8Array(32).fill(1),
  keyConfig: new Uint8Array(80).fill(2),
  keyConfigDigest: new Uint8Array(32).fill(3),
  reportData: new Uint8Array(64).fill(4),
}

describe('messages', () => {
  test.each([
    ['public-key', { user_data: null, nonce: request.nonce, public_key: request.keyConfig }],
    ['user-data', { user_data: request.keyConfigDigest, nonce: request.nonce, public_key: null }],
  ] as const)('the question as the module reads it, with the key in %s', async (keyIn, expected) => {
    const asked: Uint8Array[] = []
    const device: NsmDevice = (message) => {
      asked.push(message)
      return encode({ Attestation: { document: Buffer.from('document') } })
    }
    const made = await nsmSource({ device, keyIn })(request)
    expect(made).toEqual({
      mediaType: 'application/cbor',
      evidence: new TextEncoder().encode('document'),
      holdsKeyConfig: keyIn === 'public-key',
    })
    const [message = new Uint8Array()] = asked
    const { Attestation } = decode(message) as { Attestation: Record<string, Buffer | null> }
    const bytes = Object.entries(Attestation).map(([name, value]) => [name, value && new Uint8Array(value)])
    expect(Object.fromEntries(bytes)).toEqual(expected)
  })

  test.each<[string, unknown, string]>([
    ['an error of the module', encode({ Error: 'InputTooLarge' }), 'the security module refused: InputTooLarge'],
    ['another answer', encode({ LockPCR: 1 }), 'the security module answered something else than an attestation'],
    ['a document that is text', encode({ Attestation: { document: 'a' } }), 'something else than an attestation'],
    ['a document beside others', encode({ Attestation: {}, Error: 'a' }), 'something else than an attestation'],
    ['no CBOR', new Uint8Array([0xff]), 'answer of the security module'],
    ['nothing', new Uint8Array(), 'answer of the security module'],
    ['no bytes', 'text', 'device must be a function that returns bytes'],
  ])('%s is no evidence', async (_, answer, message) => {
    await expect(nsmSource({ device: () => answer as Uint8Array })(request)).rejects.toThrow(message)
  })

  test.each<[() => unknown, string]>([
    [() => nsmSource({ path: '/dev/nsm' } as NsmSourceOptions), 'option "path" must be one of device, keyIn'],
    [() => nsmSource({ device: '/dev/nsm' } as unknown as NsmSourceOptions), 'device must be a function'],
    [() => nsmSource({ keyIn: 'nonce' } as unknown as NsmSourceOptions), 'keyIn must be public-key or user-data'],
    [() => nsmDevice({ path: '' }), 'path must be a path'],
    [() => nsmDevice({ library: 1 } as unknown as NsmDeviceOptions), 'library must be the name of a library'],
    [() => nsmCommand(''), 'program must be a path'],
    [() => nsmCommand('a', { parameters: 'b' } as unknown as NsmCommandOptions), 'parameters must be a list of texts'],
    [() => nsmDevice()(new Uint8Array(4097)), 'request must be at most 4096 bytes'],
    [() => nsmCommand('a')(new Uint8Array(4097)), 'request must be at most 4096 bytes'],
  ])('a mistake of the operator is a TypeError: %s', (make, message) => {
    expect(make).toThrow(new TypeError(message))
  })

  test('a client verifies what such an enclave serves', async () => {
    const now = new Date('2026-06-01T00:00:00Z')
    const attester = await createNitroAttester({ now })
    const wall = (): number => now.getTime()
    for (const keyIn of ['public-key', 'user-data'] as const) {
      const device: NsmDevice = async (message) => {
        const { Attestation } = decode(message) as { Attestation: Record<string, Uint8Array | null> }
        const { nonce, public_key: publicKey, user_data: userData } = Attestation
        const given = { nonce, ...(publicKey && { publicKey }), ...(userData && { userData }) }
        const document = await attester.document(plainBytes(given))
        return encode({ Attestation: { document: Buffer.from(document) } })
      }
      const server = await serveLoopback((origins) =>
        createGateway({
          origins,
          attest: nsmSource({ device, keyIn }),
          handler: echo,
          clock: { ...createFakeClock(), wall },
        }),
      )
      const verify: AttestedFetchOptions['verify'] = (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [attester.root],
          now,
        })
      const options: AttestedFetchOptions = {
        verify,
        allowLoopbackHttp: true,
        ...(keyIn === 'user-data' && { binding: keyHashInUserData }),
      }
      try {
        const send = createClient(server.origin, options, { ...platform, now: wall })
        const response = await send('/pay', { method: 'POST', body: 'card 4711' })
        expect(await response.text()).toBe('card 4711')
      } finally {
        await server.close()
      }
    }
  })
})

describe('ways to the module', () => {
  const compiler = findOnPath('cc', 'gcc')
  const isSkipped = compiler === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1'
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
  let folder: string
  let library: string
  let program: string

  beforeAll(async () => {
    if (isSkipped) return
    folder = await makeFolder()
    ;[library, program] = [join(folder, 'libnsm.so'), join(folder, 'nsm')]
    const flags = ['-Wall', '-Wextra', '-Werror', '-O2']
    await run(compiler ?? 'cc', [...flags, '-shared', '-fPIC', '-fno-builtin', '-o', library, path('nsm.c')])
    await run(compiler ?? 'cc', [...flags, '-o', program, path('../../demo/examples/enclave/nsm.c')])
    await build({
      entryPoints: [path('../../src/attesters/index.ts')],
      outfile: join(folder, 'attesters.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    })
    await writeFile(
      join(folder, 'ask.mjs'),
      `import { nsmDevice, nsmSource } from './attesters.mjs'
const bytes = (length, value) => new Uint8Array(length).fill(value)
const request = { nonce: bytes(32, 1), keyConfig: bytes(80, 2), keyConfigDigest: bytes(32, 3), reportData: bytes(64, 4) }
const said = async (work) => { try { return await work() } catch (error) { return [error.name, error.message] } }
const library = ${JSON.stringify(library)}
const source = nsmSource({ device: nsmDevice({ library }) })
const { evidence } = await source(request)
await source(request)
console.log(JSON.stringify({
  evidence: [...evidence],
  refused: await said(() => [...nsmDevice({ library })(new Uint8Array([1]))]),
  elsewhere: await said(() => nsmDevice({ library, path: '/dev/null' })(bytes(1, 0xa1))),
  here: await said(() => nsmDevice({ path: '/dev/null' })(bytes(1, 0xa1))),
  none: await said(() => nsmDevice({ library: 'libnone.so' })(bytes(1, 0xa1))),
}))
`,
    )
  })
  afterAll(() => (isSkipped ? undefined : removeFolder(folder)))

  /** What the module of the test is asked is what it answers. */
  const question = async (): Promise<number[]> => {
    const asked: Uint8Array[] = []
    const device: NsmDevice = (message) => {
      asked.push(message)
      return encode({ Attestation: { document: Buffer.from('a') } })
    }
    await nsmSource({ device })(request)
    return [...(asked[0] ?? [])]
  }

  test.skipIf(isSkipped).each([
    ['Deno', findDeno, ['run', '--no-prompt', '--no-config', '--no-lock', '--allow-ffi', '--allow-read']],
    ['Bun', findBun, ['run', '--no-install']],
  ] as const)('%s makes the call itself', async (_, find, parameters) => {
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    const output = await runProgram(find() ?? '', [...parameters, 'ask.mjs'], { cwd: folder, env })
    expect(JSON.parse(output)).toEqual({
      evidence: await question(),
      // The answer to a message that cannot be read, as it came: `{ "Error": "InvalidArgument" }`.
      refused: [...Buffer.from('\xa1\x65Error\x6fInvalidArgument', 'latin1')],
      elsewhere: ['Error', '/dev/null cannot be opened: is this a Nitro enclave?'],
      // The C library of this machine, and a device that knows no such call.
      here: ['Error', '/dev/null does not answer as the Nitro Security Module does'],
      none: ['Error', 'no C library can be called: tried libnone.so'],
    })
  })

  test('Node has no such call, and says what to give instead', () => {
    expect(() => nsmDevice()(new Uint8Array([0xa1]))).toThrow(
      'this runtime has no ioctl: give nsmSource a device, nsmCommand say',
    )
  })

  test.skipIf(isSkipped)('Node has a program make it', async () => {
    const device = nsmCommand('/usr/bin/env', { parameters: [`LD_PRELOAD=${library}`, program] })
    const { evidence } = await nsmSource({ device })(request)
    expect([...evidence]).toEqual(await question())
    await expect(nsmSource({ device: nsmCommand(program) })(request)).rejects.toThrow(
      /nsm ended with 1: \/dev\/nsm: No such file or directory$/,
    )
  })

  test('a program that is not there, or says too much, is an error', async () => {
    await expect(nsmCommand('/none/nsm')(new Uint8Array(1))).rejects.toThrow('/none/nsm cannot be run')
    const talks = nsmCommand(process.execPath, { parameters: ['-e', 'process.stdout.write("a".repeat(20000))'] })
    await expect(talks(new Uint8Array(1))).rejects.toThrow(/wrote more than 12288 bytes$/)
  })
})

/** Copies: cbor-x hands out views of its own kind. */
function plainBytes(fields: Readonly<Record<string, Uint8Array | null | undefined>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value ? [[name, new Uint8Array(value)]] : [])),
  )
}
