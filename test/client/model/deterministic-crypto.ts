/**
 * WebCrypto for one thread: the same algorithms, computed by Node's OpenSSL before the call
 * returns. A promise of it is settled by the next microtask, so the order of everything is that of
 * the model check and never that of a thread pool, and 20,000 schedules cost seconds. Results are
 * remembered by their input: schedules differ in their order, seldom in their bytes.
 *
 * Import this before any file of `src`: they take their functions when they load. What the channel
 * does not use (certificates, signatures) goes to the real one.
 */
import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, hkdfSync } from 'node:crypto'

type Bytes = Uint8Array<ArrayBuffer>
type Given = readonly unknown[]

/** A key of ours: what a CryptoKey shows of itself, and its bytes. */
interface Key {
  readonly [Symbol.toStringTag]: 'CryptoKey'
  readonly type: 'secret' | 'public' | 'private'
  readonly algorithm: { readonly name: string; readonly namedCurve?: string }
  readonly extractable: boolean
  readonly usages: readonly string[]
  readonly material: string
}

/** What the model check holds of it. */
export const control = {
  /** Called for each operation; what it returns is waited for. */
  point: (() => undefined) as (operation: string) => Promise<void> | undefined,
  /** Begins a new sequence of random keys and bytes: the same name, the same sequence. */
  restart(name: string): void {
    sequence = name
    count = 0
  },
}

let sequence = 'setup'
let count = 0
const known = new Map<string, string | null>()

const latin1 = (bytes: unknown): string => {
  const view = ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes as ArrayBuffer)
  return view.toString('latin1')
}
const bufferOf = (text: string): ArrayBuffer => {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes.buffer
}
const node = (text: string): Buffer => Buffer.from(text, 'latin1')

/**
 * `make` once for each `name`. `null` is what does not exist: a text whose seal is broken, a key
 * that is no point.
 */
function remembered(name: string, make: () => Uint8Array | ArrayBuffer | null): string | null {
  let found = known.get(name)
  if (found === undefined) {
    const made = make()
    found = made === null ? null : latin1(made)
    known.set(name, found)
  }
  return found
}

function orFail(text: string | null): ArrayBuffer {
  if (text === null) throw new DOMException('The operation failed for an operation-specific reason', 'OperationError')
  return bufferOf(text)
}

/** The next bytes of the sequence. */
function nextBytes(size: number): Bytes {
  const name = `${sequence} ${count++}`
  const text = remembered(`random ${size} ${name}`, () => hkdfSync('sha256', 'veritee model check', '', name, size))
  return new Uint8Array(bufferOf(text as string))
}

function keyOf(type: Key['type'], algorithm: Key['algorithm'], extractable: boolean, material: string): Key {
  const usages = type === 'public' ? [] : ['deriveBits', 'sign', 'encrypt', 'decrypt']
  return { [Symbol.toStringTag]: 'CryptoKey', type, algorithm, extractable, usages, material }
}

const p256 = { name: 'ECDH', namedCurve: 'P-256' } as const

const publicOf = (secret: string): string =>
  remembered(`public ${secret}`, () => {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(node(secret))
    return pair.getPublicKey()
  }) as string

const nameOf = (algorithm: unknown): string =>
  typeof algorithm === 'string' ? algorithm : String((algorithm as { name?: unknown }).name)
const isOurs = (value: unknown): value is Key => Object.hasOwn(Object(value) as object, 'material')
const isP256 = (algorithm: unknown): boolean =>
  nameOf(algorithm) === 'ECDH' && (algorithm as { namedCurve?: unknown }).namedCurve === 'P-256'

/** Each operation that the channel uses: whether it is ours to do, and how it is done. */
const operations: Readonly<Record<string, { isOurs(given: Given): boolean; work(given: Given): unknown }>> = {
  digest: {
    isOurs: () => true,
    work: ([algorithm, data]) => {
      const name = nameOf(algorithm).replace('-', '')
      return orFail(
        remembered(`${name} ${latin1(data)}`, () =>
          createHash(name)
            .update(node(latin1(data)))
            .digest(),
        ),
      )
    },
  },
  importKey: {
    isOurs: ([format, , algorithm]) =>
      format === 'raw' && (['HMAC', 'HKDF', 'AES-GCM'].includes(nameOf(algorithm)) || isP256(algorithm)),
    work: ([, data, algorithm, extractable]) => {
      const material = latin1(data)
      if (!isP256(algorithm)) return keyOf('secret', { name: nameOf(algorithm) }, extractable === true, material)
      // Computing with it is how OpenSSL finds out whether it is a point.
      if (shared('\x01'.padStart(32, '\0'), material) === null) throw new DOMException('Invalid key', 'DataError')
      return keyOf('public', p256, true, material)
    },
  },
  generateKey: {
    isOurs: ([algorithm]) => isP256(algorithm),
    work: ([, extractable]) => {
      const secret = latin1(nextBytes(32))
      return {
        privateKey: keyOf('private', p256, extractable === true, secret),
        publicKey: keyOf('public', p256, true, publicOf(secret)),
      }
    },
  },
  exportKey: {
    isOurs: ([, key]) => isOurs(key),
    work: ([format, key]) => {
      const { type, material } = key as Key
      if (format !== 'raw' || type !== 'public') throw new DOMException('Key is not extractable', 'InvalidAccessError')
      return bufferOf(material)
    },
  },
  deriveBits: {
    isOurs: ([, key]) => isOurs(key),
    work: ([algorithm, key, bits]) => {
      const { material } = key as Key
      const { public: other, salt, info } = algorithm as { public?: Key; salt?: unknown; info?: unknown }
      if (other !== undefined) return orFail(shared(material, other.material))
      const inputs = [material, latin1(salt), latin1(info)] as const
      const [secret, salted, labelled] = inputs.map(node) as [Buffer, Buffer, Buffer]
      const size = (bits as number) / 8
      return orFail(
        remembered(`hkdf ${size} ${inputs.map((text) => text.length).join(' ')} ${inputs.join('')}`, () =>
          hkdfSync('sha256', secret, salted, labelled, size),
        ),
      )
    },
  },
  sign: {
    isOurs: ([, key]) => isOurs(key),
    work: ([, key, data]) => {
      const { material } = key as Key
      const text = latin1(data)
      const name = `hmac ${material.length} ${material}${text}`
      return orFail(remembered(name, () => createHmac('sha256', node(material)).update(node(text)).digest()))
    },
  },
  encrypt: {
    isOurs: ([, key]) => isOurs(key),
    work: ([algorithm, key, data]) => {
      const { name, secret, iv, additional } = gcmOf(algorithm, key as Key)
      return orFail(
        remembered(`encrypt ${name} ${latin1(data)}`, () => {
          const cipher = createCipheriv(`aes-${secret.length * 8 === 128 ? '128' : '256'}-gcm`, secret, iv)
          cipher.setAAD(additional)
          const sealed = Buffer.concat([cipher.update(node(latin1(data))), cipher.final()])
          return Buffer.concat([sealed, cipher.getAuthTag()])
        }),
      )
    },
  },
  decrypt: {
    isOurs: ([, key]) => isOurs(key),
    work: ([algorithm, key, data]) => {
      const { name, secret, iv, additional } = gcmOf(algorithm, key as Key)
      const sealed = node(latin1(data))
      return orFail(
        remembered(`decrypt ${name} ${latin1(data)}`, () => {
          if (sealed.length < 16) return null
          const decipher = createDecipheriv(`aes-${secret.length * 8 === 128 ? '128' : '256'}-gcm`, secret, iv)
          decipher.setAAD(additional)
          decipher.setAuthTag(sealed.subarray(-16))
          const opened = decipher.update(sealed.subarray(0, -16))
          try {
            return Buffer.concat([opened, decipher.final()])
          } catch {
            return null
          }
        }),
      )
    },
  },
}

function shared(secret: string, point: string): string | null {
  return remembered(`shared ${secret}${point}`, () => {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(node(secret))
    try {
      return pair.computeSecret(node(point))
    } catch {
      return null
    }
  })
}

function gcmOf(
  algorithm: unknown,
  { material }: Key,
): { readonly name: string; readonly secret: Buffer; readonly iv: Buffer; readonly additional: Buffer } {
  const { iv, additionalData } = algorithm as { iv: unknown; additionalData: unknown }
  const texts = [material, latin1(iv), latin1(additionalData)]
  const [secret, nonce, additional] = texts.map(node) as [Buffer, Buffer, Buffer]
  return { name: `${texts.map((text) => text.length).join(' ')} ${texts.join('')}`, secret, iv: nonce, additional }
}

const subtle = crypto.subtle as unknown as Record<string, (...given: Given) => Promise<unknown>>
for (const [name, operation] of Object.entries(operations)) {
  const real = (subtle[name] as (...given: Given) => Promise<unknown>).bind(subtle)
  const value = async (...given: Given): Promise<unknown> => {
    if (!operation.isOurs(given)) return real(...given)
    const wait = control.point(name)
    if (wait !== undefined) await wait
    return operation.work(given)
  }
  Object.defineProperty(crypto.subtle, name, { configurable: true, value })
}
Object.defineProperty(crypto, 'getRandomValues', {
  configurable: true,
  value: (bytes: Uint8Array) => {
    bytes.set(nextBytes(bytes.byteLength))
    return bytes
  },
})
