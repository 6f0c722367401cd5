/**
 * Fetching Google's status list: what is asked for, what comes out, how long it may be used, and
 * every answer that must be refused.
 */
import { describe, expect, test } from 'vitest'
import { androidAttestationUrl, fetchAndroidStatus } from '../../src/endorsements/index.ts'
import { AttestationError } from '../../src/core/errors.ts'

const list = '{"entries":{"cafe1234":{"status":"REVOKED","reason":"KEY_COMPROMISE"}}}'
const now = new Date('2026-06-01T12:00:00Z')
const second = 1000

function ask(body: BodyInit, init: ResponseInit = {}, asked: string[] = []): ReturnType<typeof fetchAndroidStatus> {
  return fetchAndroidStatus({
    baseUrl: `${androidAttestationUrl}/`,
    fetch: (url) => {
      asked.push(url)
      return Promise.resolve(new Response(body, init))
    },
    now,
  })
}

describe('fetchAndroidStatus', () => {
  test('asks once, and gives the text as it came', async () => {
    const asked: string[] = []
    const status = await ask(list, {}, asked)
    expect(asked).toEqual(['https://android.googleapis.com/attestation/status'])
    expect(status).toEqual({ statusList: list, validUntil: new Date('2026-06-02T12:00:00Z') })
    expect(Object.isFrozen(status)).toBe(true)
  })

  test.each([
    [{ 'cache-control': 'public, max-age=3600' }, 3600],
    [{ 'cache-control': 'max-age=3600', age: '600' }, 3000],
    [{ 'cache-control': 'MAX-AGE=60,public' }, 60],
    [{ 'cache-control': 's-maxage=60' }, 86_400],
    [{ 'cache-control': 'max-age=9999999' }, 86_400],
    [{ 'cache-control': 'max-age=60', age: '600' }, 0],
    [{ 'cache-control': 'max-age=60', age: 'x' }, 60],
    [{}, 86_400],
  ])('may be used as long as the service allows, a day at most: %o', async (headers, seconds) => {
    const { validUntil } = await ask(list, { headers })
    expect(validUntil.getTime() - now.getTime()).toBe(seconds * second)
  })

  test.each([
    ['endorsement-fetch', /status of .*: expected 200, found 503/, list, { status: 503 }],
    ['endorsement-fetch', /expected at most 8388608 bytes/, new Uint8Array(8_388_609), {}],
    ['endorsement-format', /^status list: not JSON$/, '<html></html>', {}],
    ['endorsement-format', /^status list: not JSON$/, '', {}],
    ['endorsement-format', /^status list: not UTF-8$/, Uint8Array.of(0xff), {}],
    ['endorsement-format', /entries: expected object, found nothing/, '{}', {}],
    ['endorsement-format', /a name is/, '{"entries":{},"entries":{}}', {}],
  ] as const)('%s %s', async (code, message, body, init) => {
    const error = await ask(body, init).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(AttestationError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })

  test('a signal ends it', async () => {
    const reason = new Error('enough')
    const fetch = (): Promise<Response> => new Promise(() => undefined)
    const request = { baseUrl: androidAttestationUrl, fetch, signal: AbortSignal.abort(reason) }
    await expect(fetchAndroidStatus(request)).rejects.toBe(reason)
  })

  test.each([
    [{ baseUrl: 'ftp://a' }, /^baseUrl must be/],
    [{ fetch: 1 }, /^fetch must be a function$/],
    [{ now: 1 }, /^now must be a Date$/],
    [{ signal: 1 }, /^signal must be an AbortSignal$/],
    [{ product: 1 }, /^option "product"/],
  ])('a mistake: %o', async (change, message) => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response(list))
    const request = { baseUrl: androidAttestationUrl, fetch, ...change } as never
    const error = await fetchAndroidStatus(request).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(message)
  })
})
