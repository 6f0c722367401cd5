/**
 * One client for all requests of a Worker: in workerd of April 2026, which ends or refuses whatever
 * one request awaits of another, and in today's.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeEnclave } from './channel/enclave.ts'
import type { Enclave } from './channel/model.ts'
import { serveShared, type SharedServer } from './channel/shared-server.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { findOldWorkerd, findWorkerd, withWorker } from './run-workerd.ts'

let enclave: Enclave

beforeAll(async () => {
  enclave = await makeEnclave(new Date())
})

describe.each([
  ['of April 2026', findOldWorkerd],
  ['of today', findWorkerd],
])('H10 a client that a Worker shares, workerd %s', (_version, find) => {
  let folder: string
  let server: SharedServer
  let address: string
  let stop = (): void => undefined
  let running: Promise<void>

  beforeAll(async () => {
    const program = find()
    if (program === undefined) throw new Error('workerd is not installed')
    ;[folder, server] = await Promise.all([makeFolder(), serveShared(enclave)])
    await build({
      entryPoints: [fileURLToPath(new URL('channel/shared-worker.ts', import.meta.url))],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      platform: 'neutral',
      define: { ENCLAVE: JSON.stringify(server.origin), ROOT: JSON.stringify(enclave.certificates[0]) },
      logLevel: 'warning',
    })
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    await new Promise<void>((resolve, reject) => {
      running = withWorker(program, { folder, modules: folder, files: ['worker.mjs'] }, (found) => {
        address = found
        resolve()
        return stopped
      })
      running.catch(reject)
    })
  })

  afterAll(async () => {
    stop()
    await running
    await server.close()
    await removeFolder(folder)
  })

  const ask = async (path: string, body?: string, signal?: AbortSignal): Promise<string> => {
    const response = await fetch(address + path, {
      ...(body !== undefined && { method: 'POST', body }),
      ...(signal !== undefined && { signal }),
    })
    return response.text()
  }

  test('requests one after another share one attestation', async () => {
    for (const i of [1, 2, 3, 4]) expect(await ask('sequential/post', `${i}`)).toBe(`POST ${i}`)
    expect(server.attestations('sequential')).toBe(1)
    expect(await ask('sequential/state')).toBe('verified nitro')
  })

  test('requests at the same time are all answered, and later ones use what is there', async () => {
    const all = Array.from({ length: 8 }, (_, i) => ask('concurrent/post', `${i}`))
    expect(await Promise.all(all)).toEqual(Array.from({ length: 8 }, (_, i) => `POST ${i}`))
    const asked = server.attestations('concurrent')
    expect(await ask('concurrent/post', 'later')).toBe('POST later')
    expect(server.attestations('concurrent')).toBe(asked)
  })

  test('calls of one request at the same time share one attestation', async () => {
    expect(await ask('joined/twice')).toBe('POST a,POST b')
    expect(server.attestations('joined')).toBe(1)
  })

  test('a client that goes away during the attestation takes no other request with it', async () => {
    const { arrived, release } = server.hold('disconnected')
    const away = new AbortController()
    const first = ask('disconnected/post', 'first', away.signal).catch(() => 'gone')
    await arrived
    const second = ask('disconnected/post', 'second')
    away.abort()
    expect(await first).toBe('gone')
    // The answer that the first waits for never comes: no one is there to take it.
    expect(await second).toBe('POST second')
    expect(await ask('disconnected/post', 'third')).toBe('POST third')
    release()
    expect(await ask('disconnected/post', 'fourth')).toBe('POST fourth')
    expect(server.attestations('disconnected')).toBe(2)
  })

  test('a refusal is of the request that met it, and the session of another goes on', async () => {
    const { arrived, release } = server.hold('refused')
    const slow = ask('refused/post', 'slow')
    await arrived
    expect(await ask('refused/post', 'fast')).toBe('POST fast')
    server.spoil('refused')
    release()
    expect(await slow).toBe('VerificationError client-evidence')
    expect(await ask('refused/state')).toBe('verified nitro')
    expect(await ask('refused/post', 'later')).toBe('POST later')
    server.spoil('refused')
    expect(await ask('refused/reattest')).toBe('VerificationError client-evidence')
    expect(await ask('refused/state')).toBe('refused undefined')
    expect(await ask('refused/post', 'again')).toBe('POST again')
  })

  test('an answer comes piece by piece while other requests come and go', async () => {
    const response = await fetch(`${address}streaming/pieces`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const texts: string[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      texts.push(new TextDecoder().decode(value))
      expect(await ask('streaming/reattest')).toBe('nitro')
      await ask('streaming/next')
    }
    expect(texts.join('')).toBe('one two three')
  })

  test('keys rotate between requests', async () => {
    expect(await ask('rotated/get')).toBe('GET ')
    server.rotate()
    expect(await Promise.all([ask('rotated/get'), ask('rotated/get')])).toEqual(['GET ', 'GET '])
    server.rotate()
    expect(await ask('rotated/post', 'x')).toBe('VerificationError client-key-rotated')
    expect(await ask('rotated/post', 'x')).toBe('POST x')
  })

  test('close in one request ends what another has under way at its next step, and all that comes', async () => {
    const response = await fetch(`${address}closed/pieces`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).done).toBe(false)
    expect(await ask('closed/close')).toBe('closed')
    expect(await ask('closed/post', 'x')).toBe('VerificationError client-closed')
    await ask('streaming/next')
    // Whether a response that breaks off is an error or an end is workerd's to choose; that nothing
    // more comes is ours.
    expect(
      await reader.read().then(
        ({ value }) => value,
        () => undefined,
      ),
    ).toBeUndefined()
  })
})
